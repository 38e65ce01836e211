import '@/lib/moreWords';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Plus, Radio } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, buttonStyle } from '@/components/ui/Button';
import { Notice } from '@/components/ui/Notice';
import { PageFrame } from '@/components/ui/PageFrame';
import { Skeleton } from '@/components/ui/Skeleton';
import { useErrorText } from '@/hooks/useErrorText';
import { useTitle } from '@/hooks/useTitle';
import type { DeviceCreated } from '@/lib/apiSchemas';
import { devicesQuery } from '../api/devices';
import { BrokerLine } from './BrokerLine';
import { DeviceDialog } from './DeviceDialog';
import { DeviceRow } from './DeviceRow';
import { DeviceSecretDialog } from './DeviceSecretDialog';

export default function DevicesPage() {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const { data, error } = useQuery(devicesQuery);
  const devices = data?.items;
  const [isCreating, setIsCreating] = useState(false);
  const [made, setMade] = useState<DeviceCreated | null>(null);
  useTitle(t('devices.title'));
  return (
    <PageFrame
      title={t('devices.title')}
      subtitle={t('devices.subtitle')}
      action={
        <div className="flex flex-wrap gap-2">
          <Link to="/projects" className={buttonStyle({ variant: 'outline' })}>
            {t('projects.title')}
          </Link>
          <Button onClick={() => setIsCreating(true)} data-testid="create-device">
            <Plus size={16} aria-hidden />
            {t('devices.create')}
          </Button>
        </div>
      }
    >
      <BrokerLine />
      {error && (
        <Notice tone="error" role="alert">
          {errorText(error)}
        </Notice>
      )}
      {!devices && !error && <Skeleton className="h-32" />}
      {devices?.length === 0 && (
        <div className="rounded-2xl border border-dashed px-6 py-9 text-center">
          <Radio size={22} className="mx-auto text-muted-foreground" aria-hidden />
          <p className="mt-2.5 font-medium">{t('devices.none')}</p>
          <p className="mx-auto mt-0.5 max-w-md text-muted-foreground text-sm">{t('devices.noneHint')}</p>
        </div>
      )}
      {devices && devices.length > 0 && (
        <ul className="divide-y rounded-2xl border bg-surface">
          {devices.map((device) => (
            <DeviceRow key={device.id} device={device} currency={data?.currency ?? ''} onSecret={setMade} />
          ))}
        </ul>
      )}
      {isCreating && (
        <DeviceDialog
          currency={data?.currency ?? ''}
          onClose={() => setIsCreating(false)}
          onCreated={(device) => {
            setIsCreating(false);
            setMade(device);
          }}
        />
      )}
      {made && <DeviceSecretDialog device={made} onClose={() => setMade(null)} />}
    </PageFrame>
  );
}
