import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { HowToConnect } from '@/components/HowToConnect';
import { Notice } from '@/components/ui/Notice';
import { PageFrame } from '@/components/ui/PageFrame';
import { Skeleton } from '@/components/ui/Skeleton';
import { useErrorText } from '@/hooks/useErrorText';
import { useTitle } from '@/hooks/useTitle';
import { modelsQuery } from '@/lib/modelQueries';
import { HealthLine } from './HealthLine';
import { ModelCard } from './ModelCard';

/** What answers here: each model, how well it is, and a box to try it. */
export function ModelsPage({ onChat }: { onChat: (modelId: string) => void }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const { data: models, error } = useQuery(modelsQuery);
  useTitle(t('models.title'));
  return (
    <PageFrame title={t('models.title')} subtitle={t('models.subtitle')}>
      <HealthLine />
      {error && (
        <Notice tone="error" role="alert">
          {errorText(error)}
        </Notice>
      )}
      {!models && !error && <Skeleton className="h-40" />}
      {models?.length === 0 && (
        <div className="rounded-2xl border border-dashed px-6 py-7 text-sm">
          <p className="mb-1 font-medium">{t('models.none')}</p>
          <HowToConnect text={t('models.noneHint')} />
        </div>
      )}
      {models && models.length > 0 && (
        <ul className="space-y-4">
          {models.map((model) => (
            <ModelCard key={model.id} model={model} onChat={() => onChat(model.id)} />
          ))}
        </ul>
      )}
    </PageFrame>
  );
}
