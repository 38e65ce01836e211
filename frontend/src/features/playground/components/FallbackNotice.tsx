import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Notice } from '@/components/ui/Notice';
import { mqttQuery } from '@/lib/mqttQueries';

/** Says that the broker is a stand-in, where it is one. */
export function FallbackNotice() {
  const { t } = useTranslation();
  const { data } = useQuery(mqttQuery);
  if (!data?.is_fallback) return null;
  return (
    <Notice tone="warning" className="mb-5" testId="broker-fallback">
      {t('playground.fallback')}
    </Notice>
  );
}
