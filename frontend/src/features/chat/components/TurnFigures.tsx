import { Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Popover } from '@/components/ui/Popover';
import { Skeleton } from '@/components/ui/Skeleton';
import { useFigures } from '@/hooks/useFigures';
import type { Message } from '@/lib/contracts';
import { latePart } from '@/lib/latePieces';

const LedgerPanel = latePart(() => import('./LedgerPanel'));

/** Model · tokens · tokens/s · time to first token; a press opens what was sent. */
export function TurnFigures({ message }: { message: Message }) {
  const { t } = useTranslation();
  const { model, turn_id: turnId } = message;
  const figures = useFigures(message);
  if (figures.length === 0) return null;
  const line = figures.map((figure, index) => (
    <span key={figure} className={index === 0 && model ? 'truncate' : 'whitespace-nowrap'}>
      {figure}
      {index < figures.length - 1 && <span className="ml-1.5 opacity-60">·</span>}
    </span>
  ));
  if (!turnId) return <div className="flex gap-1.5 text-muted-foreground text-xs tabular">{line}</div>;
  return (
    <Popover
      title={t('ledger.title')}
      trigger={
        <button
          type="button"
          aria-label={`${t('ledger.open')}: ${figures.join(', ')}`}
          data-testid="turn-figures"
          className="flex min-h-7.5 min-w-0 flex-wrap items-center gap-x-1.5 rounded-lg px-1.5 text-left text-muted-foreground text-xs tabular hover:bg-accent hover:text-foreground"
        >
          {line}
        </button>
      }
    >
      <Suspense fallback={<Skeleton className="h-40" />}>
        <LedgerPanel turnId={turnId} />
      </Suspense>
    </Popover>
  );
}
