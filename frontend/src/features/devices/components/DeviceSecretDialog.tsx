import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { CopyButton } from '@/components/ui/CopyButton';
import { Dialog, DialogActions, DialogBody } from '@/components/ui/Dialog';
import type { DeviceCreated } from '@/lib/apiSchemas';
import { mqttQuery } from '@/lib/mqttQueries';

/** A question and its answer with Mosquitto's own tools; without an id it may be tried again with other words. */
function snippetOf(device: DeviceCreated, host: string, port: number, isOld: boolean): string {
  const own = `pp/v1/${device.client}`;
  const id = isOld ? '"id": "1", ' : '';
  return [
    `mosquitto_rr -V ${isOld ? '311' : '5'} -h ${host} -p ${port} -u ${device.client} -P ${device.secret} -q 1 \\`,
    `  -t ${own}/req -e ${own}/res/1 -m '{${id}"session_id": "hello", "message": "Hello!"}'`,
  ].join('\n');
}

/** The one time that a device's secret is shown. */
export function DeviceSecretDialog({ device, onClose }: { device: DeviceCreated; onClose: () => void }) {
  const { t } = useTranslation();
  const { data: mqtt } = useQuery(mqttQuery);
  const code = snippetOf(device, mqtt?.host ?? '127.0.0.1', mqtt?.port ?? 1883, mqtt?.is_fallback ?? false);
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
        <div>
          <div className="mb-1 flex items-center justify-between gap-3">
            <p className="font-medium text-sm">{t('devices.tryIt')}</p>
            <CopyButton text={() => code} label={t('devices.copy', { what: t('devices.tryIt') })} />
          </div>
          <pre
            tabIndex={0}
            data-testid="device-snippet"
            className="overflow-x-auto rounded-lg border bg-code px-3.5 py-3 font-mono text-[12.5px] leading-relaxed"
          >
            {code}
          </pre>
        </div>
      </DialogBody>
      <DialogActions>
        <Button onClick={onClose}>{t('common.done')}</Button>
      </DialogActions>
    </Dialog>
  );
}
