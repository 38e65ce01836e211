import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { Notice } from '@/components/ui/Notice';
import { useErrorText } from '@/hooks/useErrorText';
import { showToast } from '@/hooks/useToasts';
import type { ProviderRead, ProviderTest } from '@/lib/apiSchemas';
import { cn } from '@/lib/cn';
import { formatDuration } from '@/lib/format';
import { deleteProvider, testProvider, updateProvider } from '../api/admin';
import { ProviderModels } from './ProviderModels';

/** A provider: whether it answers, what it offers; tried, switched off and on, removed. */
export function ProviderRow({ provider, onChanged }: { provider: ProviderRead; onChanged: () => void }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const [isBusy, setIsBusy] = useState(false);
  const [found, setFound] = useState<ProviderTest | null>(null);
  const [isAsking, setIsAsking] = useState(false);
  const { id, name, state } = provider;

  async function attempt(work: () => Promise<unknown>) {
    setIsBusy(true);
    try {
      await work();
    } catch (error) {
      showToast(errorText(error));
    }
    setIsBusy(false);
    onChanged();
  }
  const shut = state?.targets.filter((target) => target.breaker !== 'closed') ?? [];
  const facts = [
    provider.kind,
    provider.source === 'file' && 'models.yaml',
    state &&
      (state.latency_ms === null
        ? state.message
        : t('admin.latency', { time: formatDuration(state.latency_ms) })),
    ...shut.map((target) => t('admin.breaker', { model: target.model })),
  ];
  return (
    <li data-testid="provider" className="px-4 py-3.5">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-60">
          <p className="flex items-center gap-2.5 font-medium">
            <span
              aria-hidden
              className={cn(
                'size-2.5 shrink-0 rounded-full',
                !provider.is_enabled || !state
                  ? 'bg-muted-foreground/40'
                  : state.is_healthy
                    ? 'bg-success'
                    : 'bg-destructive',
              )}
            />
            <span className="truncate">{name}</span>
            <span className="sr-only">
              {t(
                !provider.is_enabled
                  ? 'admin.state.off'
                  : state?.is_healthy
                    ? 'admin.state.ok'
                    : 'admin.state.down',
              )}
            </span>
          </p>
          <p className="mt-0.5 truncate text-[13px] text-muted-foreground tabular">
            {[provider.base_url, ...facts].filter(Boolean).join(' · ')}
          </p>
        </div>
        {id !== null && (
          <div className="flex flex-wrap items-center gap-2">
            <Button
              variant="outline"
              size="sm"
              isBusy={isBusy}
              aria-label={t('admin.tryOf', { name })}
              onClick={() => void attempt(async () => setFound(await testProvider(id)))}
            >
              {t('admin.try')}
            </Button>
            <Button
              variant="outline"
              size="sm"
              isBusy={isBusy}
              onClick={() => void attempt(() => updateProvider(id, { is_enabled: !provider.is_enabled }))}
            >
              {t(provider.is_enabled ? 'admin.switchOff' : 'admin.switchOn')}
            </Button>
            <Button
              variant={isAsking ? 'danger' : 'outline'}
              size="sm"
              isBusy={isBusy}
              aria-label={t('admin.removeOf', { name })}
              onBlur={() => setIsAsking(false)}
              onClick={() => (isAsking ? void attempt(() => deleteProvider(id)) : setIsAsking(true))}
            >
              {t(isAsking ? 'admin.removeConfirm' : 'admin.remove')}
            </Button>
          </div>
        )}
      </div>
      <ProviderModels
        provider={provider}
        isBusy={isBusy}
        onChange={id === null ? undefined : (change) => void attempt(() => updateProvider(id, change))}
      />
      {found && (
        <Notice tone={found.is_healthy ? 'info' : 'warning'} role="status" className="mt-3">
          <p>{found.message || t('admin.answers', { time: formatDuration(found.latency_ms) })}</p>
          {found.models.length > 0 && (
            <p className="mt-1 [overflow-wrap:anywhere]">{found.models.join(', ')}</p>
          )}
        </Notice>
      )}
    </li>
  );
}
