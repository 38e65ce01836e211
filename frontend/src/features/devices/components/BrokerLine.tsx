import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { CopyButton } from '@/components/ui/CopyButton';
import { Notice } from '@/components/ui/Notice';
import { cn } from '@/lib/cn';
import { mqttQuery } from '@/lib/mqttQueries';

/** Where devices connect, and whether the portal is connected there itself. */
export function BrokerLine() {
  const { t } = useTranslation();
  const { data } = useQuery(mqttQuery);
  if (!data) return <div className="mb-5 h-11" />;
  if (data.status === 'off' || data.is_fallback)
    return (
      <Notice tone="warning" className="mb-5" testId="broker-line">
        {data.status === 'off' ? t('devices.noBroker') : t('playground.fallback')}
      </Notice>
    );
  const address = `${data.host}:${data.port}`;
  return (
    <div
      data-testid="broker-line"
      className="mb-5 flex min-h-11 items-center gap-3 rounded-lg border bg-surface py-1 pr-1.5 pl-3.5 text-sm"
    >
      <span
        className={cn(
          'size-2 shrink-0 rounded-full',
          data.status === 'connected' ? 'bg-success' : 'animate-breathe bg-warning',
        )}
      />
      <p className="min-w-0 flex-1">
        {t(data.status === 'connected' ? 'devices.broker' : 'devices.brokerAway')}{' '}
        <code className="break-all font-mono text-[13px]">{address}</code>
      </p>
      <CopyButton text={() => address} label={t('devices.copy', { what: t('devices.address') })} />
    </div>
  );
}
