import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { CopyButton } from '@/components/ui/CopyButton';
import { Dialog, DialogActions, DialogBody } from '@/components/ui/Dialog';
import type { DeviceCreated } from '@/lib/apiSchemas';

/** The one time that a device's secret is shown. */
export function DeviceSecretDialog({ device, onClose }: { device: DeviceCreated; onClose: () => void }) {
  const { t } = useTranslation();
  const rows = [
    { label: t('devices.client'), value: device.client, id: 'device-client' },
    { label: t('devices.secret'), value: device.secret, id: 'device-secret' },
    { label: t('devices.topic'), value: `pp/v1/${device.client}/req`, id: 'device-topic' },
  ];
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={device.name}
      description={t('devices.secretHint')}
      className="max-w-2xl!"
    >
      <DialogBody className="space-y-3">
        {rows.map(({ label, value, id }) => (
          <div key={id}>
            <p className="mb-1 font-medium text-sm">{label}</p>
            <div className="flex flex-wrap items-center gap-2 rounded-lg border border-input bg-surface p-1.5 pl-3.5">
              <code data-testid={id} className="min-w-0 flex-1 break-all font-mono text-sm">
                {value}
              </code>
              <CopyButton text={() => value} label={t('devices.copy', { what: label })} />
            </div>
          </div>
        ))}
      </DialogBody>
      <DialogActions>
        <Button onClick={onClose}>{t('common.done')}</Button>
      </DialogActions>
    </Dialog>
  );
}
