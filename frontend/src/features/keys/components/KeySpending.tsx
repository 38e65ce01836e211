import { useTranslation } from 'react-i18next';
import type { UsageGroup } from '@/lib/apiSchemas';
import type { ApiKey } from '@/lib/contracts';
import { formatCompact, formatMoney } from '@/lib/format';

interface KeySpendingProps {
  apiKey: ApiKey;
  /** What the key has used this month; nothing when it was not used. */
  used?: UsageGroup;
  currency: string;
}

/** What a key has used this month, and how much of its budget for it. */
export function KeySpending({ apiKey, used, currency }: KeySpendingProps) {
  const { t } = useTranslation();
  const limit = apiKey.budget?.month ?? null;
  const cost = used?.cost ?? 0;
  const facts = [
    limit !== null
      ? t('keys.spentOf', { cost: formatMoney(cost, currency), limit: formatMoney(limit, currency) })
      : t('keys.spent', { cost: formatMoney(cost, currency) }),
    used && t('keys.requests', { count: used.requests, value: formatCompact(used.requests) }),
    used &&
      t('keys.tokens', {
        value: formatCompact(used.prompt_tokens + used.completion_tokens),
      }),
  ].filter(Boolean);
  return (
    <div className="mt-1 text-[13px] text-muted-foreground tabular" data-testid="key-spending">
      {facts.join(' · ')}
      {limit !== null && limit > 0 && (
        <progress
          className="mt-1 block h-1.5 w-full max-w-60 accent-primary"
          max={1}
          value={Math.min(1, cost / limit)}
          aria-label={t('keys.spentShare')}
        />
      )}
    </div>
  );
}
