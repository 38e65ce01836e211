import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { cn } from '@/lib/cn';
import { parseTemplate } from '../model/language';

interface TemplateFieldProps {
  value: string;
  onChange: (value: string) => void;
  isReadOnly?: boolean;
  error?: string;
}

/** The template's text, its variables marked: the marks lie under a plain textarea, letter for letter. */
export function TemplateField({ value, onChange, isReadOnly, error }: TemplateFieldProps) {
  const { t } = useTranslation();
  const id = useId();
  const shape =
    'col-start-1 row-start-1 m-0 whitespace-pre-wrap px-3.5 py-3 font-mono text-[16px] leading-6 [overflow-wrap:anywhere] sm:text-sm';
  return (
    <div className="space-y-1.5">
      <label htmlFor={id} className="block font-medium text-sm">
        {t('templates.content')}
      </label>
      <div
        className={cn(
          'grid max-h-[55dvh] min-h-44 overflow-y-auto rounded-lg border bg-surface focus-within:outline-2 focus-within:outline-ring',
          error ? 'border-destructive' : 'border-input',
        )}
      >
        <div aria-hidden className={cn(shape, 'pointer-events-none select-none text-transparent')}>
          {parseTemplate(value).map((segment, index) => (
            <Piece key={index} kind={segment.kind} text={segment.source} />
          ))}
          {'\n'}
        </div>
        <textarea
          id={id}
          value={value}
          readOnly={isReadOnly}
          spellCheck
          maxLength={100_000}
          placeholder={t('templates.contentPlaceholder', { skipInterpolation: true })}
          aria-invalid={error ? true : undefined}
          aria-describedby={`${id}-note`}
          data-testid="template-content"
          className={cn(
            shape,
            'resize-none overflow-hidden bg-transparent outline-none placeholder:text-muted-foreground',
          )}
          onChange={(event) => onChange(event.target.value)}
        />
      </div>
      <p
        id={`${id}-note`}
        className={cn('text-[13px]', error ? 'text-destructive' : 'text-muted-foreground')}
      >
        {error ?? t('templates.contentHint', { example: '{{name}}', escaped: '\\{{' })}
      </p>
    </div>
  );
}

function Piece({ kind, text }: { kind: 'text' | 'variable' | 'error'; text: string }) {
  if (kind === 'text') return text;
  return (
    <mark
      data-kind={kind}
      className={cn(
        'rounded-[4px] text-transparent',
        kind === 'variable' ? 'bg-primary/20' : 'bg-destructive/25',
      )}
    >
      {text}
    </mark>
  );
}
