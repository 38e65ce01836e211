import { useQuery } from '@tanstack/react-query';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { Skeleton } from '@/components/ui/Skeleton';
import { useErrorText } from '@/hooks/useErrorText';
import type { Ledger } from '@/lib/contracts';
import { formatCount } from '@/lib/format';
import { fetchLedger } from '../api/turns';

/** The context ledger: how full the window was, what was sent, what was left out and why. */
export default function LedgerPanel({ turnId }: { turnId: string }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const { data, error } = useQuery({
    queryKey: ['ledger', turnId],
    queryFn: () => fetchLedger(turnId),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (error) return <p className="text-destructive text-sm">{errorText(error)}</p>;
  if (!data) return <Skeleton className="h-28" />;
  const prompt = data.prompt_tokens_reported ?? data.prompt_tokens_counted ?? 0;
  const rows: [string, string][] = [
    [t('ledger.prompt'), formatCount(prompt)],
    [t('ledger.cached'), cachedShare(data, prompt)],
    [t('ledger.completion'), formatCount(data.completion_tokens ?? 0)],
    [t('ledger.sent'), formatCount(data.messages_sent)],
    [t('ledger.dropped'), droppedText(data, t)],
  ];
  return (
    <div data-testid="ledger" className="space-y-3 text-sm">
      <WindowGauge
        used={prompt + (data.completion_tokens ?? 0)}
        size={data.context_window ?? data.budget_tokens}
      />
      <dl className="space-y-1.5">
        {rows.map(([name, value]) => (
          <div key={name} className="flex justify-between gap-4">
            <dt className="text-muted-foreground">{name}</dt>
            <dd className="text-right tabular">{value}</dd>
          </div>
        ))}
      </dl>
      {data.attempts.length > 1 && (
        <ul className="space-y-1 border-t pt-2 text-muted-foreground text-xs">
          {data.attempts.map((attempt, index) => (
            <li key={`${attempt.target}-${index + 1}`}>
              {attempt.target}: {attempt.error ?? attempt.status}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function WindowGauge({ used, size }: { used: number; size: number | null }) {
  const { t } = useTranslation();
  if (!size) return null;
  const share = Math.min(1, used / size);
  return (
    <div>
      <div className="flex justify-between text-muted-foreground text-xs tabular">
        <span>{t('ledger.window')}</span>
        <span>{t('ledger.windowUse', { used: formatCount(used), size: formatCount(size) })}</span>
      </div>
      <div className="mt-1.5 h-1.5 overflow-hidden rounded-full bg-muted">
        <div
          className={share > 0.9 ? 'h-full rounded-full bg-warning' : 'h-full rounded-full bg-primary'}
          style={{ width: `${Math.max(1, share * 100)}%` }}
        />
      </div>
    </div>
  );
}

function cachedShare(ledger: Ledger, prompt: number): string {
  const cached = ledger.cached_tokens;
  if (cached == null) return '–';
  return prompt > 0
    ? `${formatCount(cached)} (${Math.round((cached / prompt) * 100)} %)`
    : formatCount(cached);
}

function droppedText(ledger: Ledger, t: TFunction): string {
  const count = Math.max(ledger.messages_dropped_count, ledger.messages_dropped.length);
  if (count === 0) return '0';
  const reasons = [...new Set(ledger.messages_dropped.map((entry) => entry.reason))];
  // A reason that has no words here yet is better than none.
  const said = reasons.map((reason) => t(`ledger.reasons.${reason}`, { defaultValue: reason }));
  return `${formatCount(count)} (${said.join(', ')})`;
}
