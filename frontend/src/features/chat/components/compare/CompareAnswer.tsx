import { useQuery } from '@tanstack/react-query';
import { Check, Square } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Markdown } from '@/components/markdown/Markdown';
import { Reasoning } from '@/components/Reasoning';
import { Button } from '@/components/ui/Button';
import { CopyButton } from '@/components/ui/CopyButton';
import type { Message } from '@/lib/contracts';
import { modelsQuery } from '@/lib/modelQueries';
import { useLiveAnswer } from '../../hooks/useLiveAnswer';
import { askSide, type Comparison, type SideIndex, sideName } from '../../model/compare';
import { useLiveTurns } from '../../model/liveTurns';
import { stopTurn } from '../../model/turnRunner';
import { FailedAnswer } from '../FailedAnswer';
import { TurnFigures } from '../TurnFigures';
import { TurnProgress } from '../TurnProgress';

interface CompareAnswerProps {
  comparison: Comparison;
  index: SideIndex;
  /** Absent before the portal has named it. */
  message?: Message;
  isRunning: boolean;
  isBusy: boolean;
  onKeep: () => void;
}

/** One side: who answers, the answer, and the choice to go on with it. */
export function CompareAnswer({ comparison, index, message, isRunning, isBusy, onKeep }: CompareAnswerProps) {
  const { t } = useTranslation();
  const { sessionId } = comparison;
  const { data: models = [] } = useQuery(modelsQuery);
  const live = useLiveAnswer(sessionId, message?.id ?? '');
  const unsentError = useLiveTurns((state) => {
    const turn = state.bySession[sessionId];
    return turn?.turnId === null && turn.outcome === 'failed' ? turn.error : null;
  });
  const { model, template } = comparison.sides[index];
  const modelName = models.find((candidate) => candidate.id === model)?.name ?? model;
  const name = t('compare.side', { side: sideName(index) });
  const content = live?.content ?? message?.content;
  const reasoning = live?.reasoning ?? message?.reasoning;
  const isLive = live !== null || (isRunning && !message);
  const hasFailed = !isLive && (message?.status === 'failed' || (!message && unsentError !== null));
  const isOver = message !== undefined && !isLive && message.status !== 'streaming';
  return (
    <article
      aria-label={t('compare.answerOf', { side: sideName(index) })}
      aria-busy={isLive}
      data-testid="compare-answer"
      data-status={isLive ? 'streaming' : (message?.status ?? 'waiting')}
      className="flex min-w-0 flex-col rounded-2xl border bg-surface p-4"
    >
      <header className="mb-3 flex min-h-8 items-center gap-2 border-b pb-3 text-sm">
        <span className="font-medium">{name}</span>
        <span className="min-w-0 flex-1 truncate text-muted-foreground">
          {[modelName, template?.title].filter(Boolean).join(' · ')}
        </span>
        {isLive && (
          <Button variant="outline" size="sm" onClick={() => void stopTurn(sessionId)}>
            <Square size={12} fill="currentColor" aria-hidden />
            {t('composer.stop')}
          </Button>
        )}
        {isOver && message.status !== 'failed' && (
          <Button
            variant="outline"
            size="sm"
            disabled={isBusy}
            data-testid="keep-answer"
            aria-label={t('compare.keepOf', { side: sideName(index) })}
            onClick={onKeep}
          >
            <Check size={15} aria-hidden />
            {t('compare.keep')}
          </Button>
        )}
      </header>
      <div className="min-h-24 flex-1">
        {reasoning && (
          <Reasoning
            text={reasoning}
            isThinking={live?.isThinking ?? false}
            milliseconds={live ? live.reasoningMs : (message?.timings?.reasoning_ms ?? null)}
          />
        )}
        {content && <Markdown text={content} isStreaming={live !== null} />}
        {isLive && <TurnProgress sessionId={sessionId} />}
        {message?.status === 'stopped' && !isLive && (
          <p className="mt-2 text-muted-foreground text-sm">{t('message.stopped')}</p>
        )}
        {hasFailed && (
          <FailedAnswer
            error={message?.error ?? unsentError}
            isBusy={isBusy}
            onRetry={() => void askSide(index)}
          />
        )}
        {!message && !isLive && !hasFailed && (
          <div className="flex flex-wrap items-center gap-3 text-muted-foreground text-sm">
            {t('compare.waiting')}
            {!isBusy && (
              <Button variant="outline" size="sm" onClick={() => void askSide(index)}>
                {t('compare.askNow')}
              </Button>
            )}
          </div>
        )}
      </div>
      {isOver && (
        <footer className="mt-3 flex flex-wrap items-center gap-x-1 gap-y-2">
          <CopyButton kind="answer" text={() => message.content} label={t('message.copyAnswer')} />
          <TurnFigures message={message} />
        </footer>
      )}
    </article>
  );
}
