import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { cn } from '@/lib/cn';
import { formatDuration } from '@/lib/format';
import { healthQuery } from '@/lib/modelQueries';

const dots = { healthy: 'bg-success', degraded: 'bg-warning', unavailable: 'bg-destructive' };

/** Whether a model can answer right now, and how quickly it replies to a ping. */
export function HealthLine() {
  const { t } = useTranslation();
  const { data: health } = useQuery(healthQuery);
  if (!health) return <p className="mb-4 h-6" />;
  return (
    <p
      role="status"
      data-testid="model-health"
      className="mb-4 flex min-h-6 flex-wrap items-center gap-x-2.5 text-sm tabular"
    >
      <span className={cn('size-2.5 rounded-full', dots[health.status])} aria-hidden />
      <span>{t(`models.status.${health.status}`)}</span>
      {health.latency_ms !== null && health.status !== 'unavailable' && (
        <span className="text-muted-foreground">
          {t('models.latency', { time: formatDuration(Math.max(1, health.latency_ms)) })}
        </span>
      )}
      {health.status !== 'healthy' && health.message && (
        <span className="text-muted-foreground">{health.message}</span>
      )}
    </p>
  );
}
