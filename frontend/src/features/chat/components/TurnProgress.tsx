import { useTranslation } from 'react-i18next';
import { useShallow } from 'zustand/react/shallow';
import { cn } from '@/lib/cn';
import { useLiveTurns } from '../model/liveTurns';

/** What happens before the first token, and when the line breaks: always in the same place, one line high. */
export function TurnProgress({ sessionId }: { sessionId: string }) {
  const { t } = useTranslation();
  const turn = useLiveTurns(
    useShallow((state) => {
      const live = state.bySession[sessionId];
      if (!live) return null;
      const { phase, queuePlace, prefillProgress, isReconnecting, isStopping } = live;
      return {
        phase,
        queuePlace,
        prefillProgress,
        isReconnecting,
        isStopping,
        isSilent: !live.content && !live.reasoning,
      };
    }),
  );
  if (!turn || turn.phase === 'finished') return null;
  const percent = turn.phase === 'prefill' ? Math.round((turn.prefillProgress ?? 0) * 100) : null;
  let label: string | null = null;
  if (turn.isReconnecting) label = t('progress.reconnecting');
  else if (turn.isStopping) label = t('progress.stopping');
  else if (!turn.isSilent) return null;
  else if (turn.queuePlace) label = t('progress.queued', { count: turn.queuePlace });
  else if (percent !== null && percent < 100) label = t('progress.reading', { percent });

  return (
    <div
      data-testid="turn-progress"
      className="flex h-7 items-center gap-2.5 text-muted-foreground text-sm tabular"
      aria-hidden={label === null}
    >
      <span className="size-2 animate-breathe rounded-full bg-primary" />
      {label && <span>{label}</span>}
      {percent !== null && turn.isSilent && (
        <span className="h-1 w-24 overflow-hidden rounded-full bg-muted">
          <span
            className={cn(
              'block h-full origin-left rounded-full bg-primary transition-transform duration-150',
            )}
            style={{ transform: `scaleX(${percent / 100})` }}
          />
        </span>
      )}
    </div>
  );
}
