import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { useErrorText } from '@/hooks/useErrorText';
import { showToast } from '@/hooks/useToasts';
import type { DeviceCreated, DeviceRead } from '@/lib/apiSchemas';
import { formatDate } from '@/lib/format';
import { deleteDevice, devicesQuery, renewSecret } from '../api/devices';

const confirmWords = { renew: 'devices.renewConfirm', remove: 'devices.removeConfirm' };

interface DeviceRowProps {
  device: DeviceRead;
  onSecret: (device: DeviceCreated) => void;
}

/** A device; both that cannot be undone is asked once more. */
export function DeviceRow({ device, onSecret }: DeviceRowProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const errorText = useErrorText();
  const [asked, setAsked] = useState<'renew' | 'remove' | null>(null);

  async function carryOut() {
    try {
      if (asked === 'renew') {
        onSecret(await renewSecret(device.id));
      } else {
        await deleteDevice(device.id);
        showToast(t('devices.removed', { name: device.name }));
      }
    } catch (error) {
      showToast(errorText(error));
    }
    setAsked(null);
    void client.invalidateQueries({ queryKey: devicesQuery.queryKey });
  }
  return (
    <li data-testid="device-row" className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3.5">
      <div className="min-w-0 flex-1 basis-60">
        <p className="flex flex-wrap items-baseline gap-x-3">
          <span className="truncate font-medium">{device.name}</span>
          <code className="font-mono text-[13px] text-muted-foreground">{device.client}</code>
        </p>
        <p className="mt-0.5 text-[13px] text-muted-foreground tabular">
          {[t('keys.created', { date: formatDate(device.created_at) }), device.projects.join(', ')]
            .filter(Boolean)
            .join(' · ')}
        </p>
      </div>
      {asked ? (
        <div className="flex items-center gap-2">
          <Button variant="ghost" size="sm" onClick={() => setAsked(null)}>
            {t('common.cancel')}
          </Button>
          <Button variant="danger" size="sm" onClick={() => void carryOut()}>
            {t(confirmWords[asked])}
          </Button>
        </div>
      ) : (
        <div className="flex items-center gap-2">
          <Button
            variant="outline"
            size="sm"
            aria-label={t('devices.renewOf', { name: device.name })}
            onClick={() => setAsked('renew')}
          >
            {t('devices.renew')}
          </Button>
          <Button
            variant="outline"
            size="sm"
            aria-label={t('devices.removeOf', { name: device.name })}
            onClick={() => setAsked('remove')}
          >
            {t('devices.remove')}
          </Button>
        </div>
      )}
    </li>
  );
}
