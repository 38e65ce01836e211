import { useTranslation } from 'react-i18next';
import { cn } from '@/lib/cn';
import { parseTemplate, renderParts } from '../model/language';

/** The text as the model will read it, the values in it marked. */
export function RenderedText({ content, texts }: { content: string; texts: Record<string, string> }) {
  const { t } = useTranslation();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms; this is a text to read
    <div
      role="group"
      tabIndex={0}
      aria-label={t('templates.preview')}
      data-testid="template-preview"
      className="max-h-72 overflow-y-auto whitespace-pre-wrap rounded-lg border bg-code px-3.5 py-3 text-sm [overflow-wrap:anywhere]"
    >
      {renderParts(parseTemplate(content), texts).map((part, index) =>
        part.name === undefined ? (
          <span key={index}>{part.text}</span>
        ) : (
          <mark
            key={index}
            title={part.name}
            className={cn(
              'rounded-[4px] text-foreground',
              part.isMissing ? 'bg-warning-soft' : 'bg-primary-soft',
            )}
          >
            {part.text}
          </mark>
        ),
      )}
    </div>
  );
}
