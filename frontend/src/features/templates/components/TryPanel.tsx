import { useQuery } from '@tanstack/react-query';
import { Columns2, Square, X } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AskAnswer } from '@/components/AskAnswer';
import { ModelSelect } from '@/components/ModelSelect';
import { Button } from '@/components/ui/Button';
import { inputStyle } from '@/components/ui/Field';
import { IconButton } from '@/components/ui/IconButton';
import { VariablesForm } from '@/components/VariablesForm';
import { useAsk } from '@/hooks/useAsk';
import { cn } from '@/lib/cn';
import type { Template } from '@/lib/contracts';
import { modelsQuery } from '@/lib/modelQueries';
import type { RawValues, ValueProblem } from '@/lib/templateValues';
import { askBody, readSource, type Source } from '../model/sources';
import { mergeVariables } from '../model/variables';
import { RenderedText } from './RenderedText';
import { SourceSelect } from './SourceSelect';

interface TryPanelProps {
  /** This template: its draft, where there is one, and its versions, newest first. */
  own: Source[];
  others: Template[];
  sourceOf: (key: string) => Source | undefined;
}

/** Fill the variables, see the text, ask: alone, or beside another version or template. */
export function TryPanel({ own, others, sourceOf }: TryPanelProps) {
  const { t } = useTranslation();
  const { data: models = [] } = useQuery(modelsQuery);
  const [raw, setRaw] = useState<RawValues>({});
  const [message, setMessage] = useState('');
  const [model, setModel] = useState('');
  const [leftKey, setLeftKey] = useState<string>();
  const [rightKey, setRightKey] = useState<string | null>(null);
  const [isChecked, setIsChecked] = useState(false);
  const [leftAsk, rightAsk] = [useAsk(), useAsk()];
  const left = (leftKey && sourceOf(leftKey)) || own[0];
  const right = rightKey === null ? undefined : sourceOf(rightKey);
  if (!left) return null;
  const columns = [
    { source: left, ask: leftAsk, onPick: setLeftKey },
    ...(right ? [{ source: right, ask: rightAsk, onPick: setRightKey }] : []),
  ];
  const problems = Object.assign({}, ...columns.map(({ source }) => readSource(source, raw).problems));
  const variables = mergeVariables(...columns.map(({ source }) => source.variables));
  const isRunning = columns.some(({ ask }) => ask.isRunning);
  const ask = () => {
    setIsChecked(true);
    if (Object.keys(problems).length > 0 || !message.trim()) return;
    for (const column of columns) void column.ask.ask(askBody(column.source, raw, message.trim(), model));
  };
  const beside = own.find((source) => source.key !== left.key)?.key ?? others[0]?.id;
  return (
    <div className="space-y-5">
      {variables.length > 0 && (
        <VariablesForm
          variables={variables}
          raw={raw}
          problems={isChecked ? problems : withoutMissing(problems)}
          onChange={setRaw}
        />
      )}
      <form
        className="flex flex-wrap items-end gap-2.5"
        onSubmit={(event) => {
          event.preventDefault();
          ask();
        }}
      >
        <label className="min-w-0 flex-1 basis-72 space-y-1.5">
          <span className="block font-medium text-sm">{t('templates.tryMessage')}</span>
          <input
            value={message}
            placeholder={t('templates.tryMessagePlaceholder')}
            data-testid="try-message"
            aria-invalid={(isChecked && !message.trim()) || undefined}
            className={inputStyle}
            onChange={(event) => setMessage(event.target.value)}
          />
        </label>
        <ModelSelect models={models} value={model} onChange={setModel} />
        {isRunning ? (
          <Button
            variant="outline"
            onClick={() => {
              for (const column of columns) column.ask.stop();
            }}
          >
            <Square size={13} fill="currentColor" aria-hidden />
            {t('composer.stop')}
          </Button>
        ) : (
          <Button type="submit" data-testid="try-ask">
            {t('templates.ask')}
          </Button>
        )}
      </form>
      <div className={cn('grid gap-5', right && 'md:grid-cols-2')}>
        {columns.map(({ source, ask: column, onPick }, index) => (
          <section
            key={index}
            className="min-w-0 space-y-3"
            aria-label={t('templates.column', { count: index + 1 })}
          >
            <div className="flex items-center gap-2">
              <SourceSelect value={source.key} own={own} others={others} onChange={onPick} />
              {index === 1 && (
                <IconButton label={t('templates.closeColumn')} onClick={() => setRightKey(null)}>
                  <X size={16} />
                </IconButton>
              )}
            </div>
            <RenderedText content={source.content} texts={readSource(source, raw).texts} />
            <AskAnswer state={column.state} />
          </section>
        ))}
      </div>
      {!right && beside !== undefined && (
        <Button
          variant="outline"
          size="sm"
          onClick={() => setRightKey(typeof beside === 'number' ? `t${beside}` : beside)}
        >
          <Columns2 size={15} aria-hidden />
          {t('templates.beside')}
        </Button>
      )}
    </div>
  );
}

/** Nobody is told of an empty field before asking. */
function withoutMissing(problems: Record<string, ValueProblem>): Record<string, ValueProblem> {
  return Object.fromEntries(Object.entries(problems).filter(([, problem]) => problem !== 'required'));
}
