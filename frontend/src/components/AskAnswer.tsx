import { useTranslation } from 'react-i18next';
import { Markdown } from '@/components/markdown/Markdown';
import { Reasoning } from '@/components/Reasoning';
import { CopyButton } from '@/components/ui/CopyButton';
import { Notice } from '@/components/ui/Notice';
import { useErrorText } from '@/hooks/useErrorText';
import { useFigures } from '@/hooks/useFigures';
import type { AskState } from '@/lib/askEvents';

/** An answer outside any conversation, from the wait to its figures. */
export function AskAnswer({ state, label }: { state: AskState; label?: string }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const figures = useFigures(state);
  if (state.phase === 'idle') return null;
  const isRunning = state.outcome === null;
  return (
    <article
      aria-label={label ?? t('message.answer')}
      aria-busy={isRunning}
      data-testid="ask-answer"
      data-status={state.outcome ?? 'streaming'}
    >
      {state.reasoning && (
        <Reasoning text={state.reasoning} isThinking={state.phase === 'thinking'} milliseconds={null} />
      )}
      {state.content && <Markdown text={state.content} isStreaming={isRunning} />}
      {isRunning && <Waiting state={state} />}
      {state.outcome === 'stopped' && (
        <p className="mt-2 text-muted-foreground text-sm">{t('message.stopped')}</p>
      )}
      {state.outcome === 'failed' && (
        <Notice tone="error" role="alert" className="mt-2">
          {errorText(state.error)}
        </Notice>
      )}
      {state.outcome === 'done' && (
        <div className="mt-2 -ml-1.5 flex flex-wrap items-center gap-x-1.5 text-muted-foreground text-xs tabular">
          <CopyButton text={() => state.content} label={t('message.copyAnswer')} />
          <span>{figures.join(' · ')}</span>
        </div>
      )}
      <p role="status" className="sr-only">
        {state.outcome === null ? t('announce.running') : t(`announce.${announced[state.outcome]}`)}
      </p>
    </article>
  );
}

const announced = { done: 'done', stopped: 'cancelled', failed: 'failed' } as const;

function Waiting({ state }: { state: AskState }) {
  const { t } = useTranslation();
  if (state.content || state.reasoning) return null;
  const percent = Math.round((state.prefillProgress ?? 0) * 100);
  let label: string | null = null;
  if (state.queuePlace) label = t('progress.queued', { count: state.queuePlace });
  else if (percent > 0 && percent < 100) label = t('progress.reading', { percent });
  return (
    <div className="flex h-7 items-center gap-2.5 text-muted-foreground text-sm tabular">
      <span className="size-2 animate-breathe rounded-full bg-primary" />
      {label && <span>{label}</span>}
    </div>
  );
}
