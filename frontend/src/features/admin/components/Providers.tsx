import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { Notice } from '@/components/ui/Notice';
import { Skeleton } from '@/components/ui/Skeleton';
import { useErrorText } from '@/hooks/useErrorText';
import { providersQuery } from '../api/admin';
import { AddProvider } from './AddProvider';
import { ProviderRow } from './ProviderRow';

/** The model servers beside the portal's own: entered here, or written in models.yaml. */
export function Providers() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const errorText = useErrorText();
  const { data, error } = useQuery(providersQuery);
  const [isAdding, setIsAdding] = useState(false);
  const refresh = () => {
    for (const queryKey of [providersQuery.queryKey, ['models']]) void client.invalidateQueries({ queryKey });
  };
  return (
    <section aria-label={t('admin.view.providers')}>
      <div className="mb-4 flex flex-wrap items-center justify-between gap-3">
        <p className="max-w-prose text-muted-foreground text-sm">{t('admin.providersHint')}</p>
        <Button data-testid="add-provider" onClick={() => setIsAdding(true)}>
          <Plus size={16} aria-hidden />
          {t('admin.addProvider')}
        </Button>
      </div>
      {error && <Notice tone="error">{errorText(error)}</Notice>}
      {!data && !error && <Skeleton className="h-40" />}
      {data?.items.length === 0 && <p className="text-muted-foreground text-sm">{t('admin.noProviders')}</p>}
      {data && data.items.length > 0 && (
        <ul className="divide-y rounded-2xl border bg-surface">
          {data.items.map((provider) => (
            <ProviderRow key={provider.id ?? provider.name} provider={provider} onChanged={refresh} />
          ))}
        </ul>
      )}
      {isAdding && <AddProvider onClose={() => setIsAdding(false)} onAdded={refresh} />}
    </section>
  );
}
