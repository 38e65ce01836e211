import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Notice } from '@/components/ui/Notice';
import { useIsOnline } from '@/hooks/useMedia';
import { healthQuery } from '@/lib/modelQueries';

/** What a person should know before typing: no network, or no model that can answer. */
export function HealthNotices() {
  const { t } = useTranslation();
  const isOnline = useIsOnline();
  const { data: health, failureReason, isError, refetch } = useQuery(healthQuery);
  useEffect(() => {
    if (!isOnline) void refetch();
  }, [isOnline, refetch]);
  // A portal on this machine answers without any network.
  if (!isOnline && (failureReason || isError)) {
    return (
      <Notice tone="warning" role="status" testId="offline-notice">
        {t('health.offline')}
      </Notice>
    );
  }
  if (health?.status === 'unavailable') {
    return (
      <Notice tone="error" role="status" testId="unavailable-notice">
        <p className="font-medium">{t('health.unavailable')}</p>
        <p>{health.message ?? t('health.unavailableHint')}</p>
      </Notice>
    );
  }
  return null;
}
