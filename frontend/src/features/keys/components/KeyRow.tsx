import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { useErrorText } from '@/hooks/useErrorText';
import { showToast } from '@/hooks/useToasts';
import type { UsageReport } from '@/lib/apiSchemas';
import type { ApiKey } from '@/lib/contracts';
import { formatCount, formatDate, formatRelative } from '@/lib/format';
import { deleteKey, keysQuery } from '../api/keys';
import { KeyDialog } from './KeyDialog';
import { KeySpending } from './KeySpending';

interface KeyRowProps {
  apiKey: ApiKey;
  spending?: UsageReport;
}

export function KeyRow({ apiKey, spending }: KeyRowProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const errorText = useErrorText();
  const [isAsking, setIsAsking] = useState(false);
  const [isChanging, setIsChanging] = useState(false);
  const isExpired = apiKey.expires_at !== null && new Date(apiKey.expires_at) < new Date();
  const facts = [
    t('keys.created', { date: formatDate(apiKey.created_at) }),
    apiKey.last_used_at ? t('keys.used', { when: formatRelative(apiKey.last_used_at) }) : t('keys.neverUsed'),
    apiKey.expires_at &&
      t(isExpired ? 'keys.expired' : 'keys.expiresOn', { date: formatDate(apiKey.expires_at) }),
    apiKey.requests_per_minute &&
      t('keys.perMinuteRequests', { value: formatCount(apiKey.requests_per_minute) }),
    apiKey.tokens_per_minute && t('keys.perMinuteTokens', { value: formatCount(apiKey.tokens_per_minute) }),
    apiKey.allowed_models && t('keys.modelsSome', { count: apiKey.allowed_models.length }),
  ].filter(Boolean);

  async function revoke() {
    try {
      await deleteKey(apiKey.id);
      showToast(t('keys.revoked', { name: apiKey.name }));
    } catch (error) {
      showToast(errorText(error));
    }
    void client.invalidateQueries({ queryKey: keysQuery.queryKey });
  }
  return (
    <li data-testid="key-row" className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3.5">
      <div className="min-w-0 flex-1 basis-60">
        <p className="flex flex-wrap items-baseline gap-x-3">
          <span className="truncate font-medium">{apiKey.name}</span>
          <code className="font-mono text-[13px] text-muted-foreground">{apiKey.prefix}…</code>
        </p>
        <p className="mt-0.5 text-[13px] text-muted-foreground tabular">{facts.join(' · ')}</p>
        {spending && (
          <KeySpending
            apiKey={apiKey}
            currency={spending.currency}
            used={spending.groups.find((group) => group.key === apiKey.id)}
          />
        )}
      </div>
      {isAsking ? (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms; this groups two buttons
        <div
          className="flex items-center gap-2"
          role="group"
          aria-label={t('keys.revokeAsk', { name: apiKey.name })}
        >
          <Button variant="ghost" size="sm" onClick={() => setIsAsking(false)}>
            {t('common.cancel')}
          </Button>
          <Button variant="danger" size="sm" onClick={() => void revoke()}>
            {t('keys.revokeConfirm')}
          </Button>
        </div>
      ) : (
        <div className="flex items-center gap-2">
          <Button
            variant="outline"
            size="sm"
            aria-label={t('keys.changeOf', { name: apiKey.name })}
            onClick={() => setIsChanging(true)}
          >
            {t('keys.change')}
          </Button>
          <Button
            variant="outline"
            size="sm"
            aria-label={t('keys.revokeLabel', { name: apiKey.name })}
            onClick={() => setIsAsking(true)}
          >
            {t('keys.revoke')}
          </Button>
        </div>
      )}
      {isChanging && (
        <KeyDialog apiKey={apiKey} currency={spending?.currency ?? ''} onClose={() => setIsChanging(false)} />
      )}
    </li>
  );
}
