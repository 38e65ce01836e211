import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { useErrorText } from '@/hooks/useErrorText';
import { showToast } from '@/hooks/useToasts';
import type { DeviceCreated, DeviceRead } from '@/lib/apiSchemas';
import { cn } from '@/lib/cn';
import { formatCount, formatMoney, formatRelative } from '@/lib/format';
import { periods } from '@/lib/limitFields';
import { deleteDevice, devicesQuery, renewSecret } from '../api/devices';
import { DeviceDialog } from './DeviceDialog';
import { DeviceRequestList } from './DeviceRequestList';

const confirmWords = { renew: 'devices.renewConfirm', remove: 'devices.removeConfirm' };

interface DeviceRowProps {
  device: DeviceRead;
  currency: string;
  onSecret: (device: DeviceCreated) => void;
}

/** A device: whether it is there, what it may, what it asked last; both that cannot be undone is asked once more. */
export function DeviceRow({ device, currency, onSecret }: DeviceRowProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const errorText = useErrorText();
  const [asked, setAsked] = useState<'renew' | 'remove' | null>(null);
  const [isChanging, setIsChanging] = useState(false);
  const [isOpen, setIsOpen] = useState(false);
  const facts = [
    device.projects.join(', '),
    device.requests_per_minute &&
      t('keys.perMinuteRequests', { value: formatCount(device.requests_per_minute) }),
    device.tokens_per_minute && t('keys.perMinuteTokens', { value: formatCount(device.tokens_per_minute) }),
    ...periods.map((period) => {
      const limit = device.budget?.[period];
      if (limit == null) return null;
      const spent = formatMoney(device.spent?.[period] ?? 0, currency);
      return t(`devices.spentOf.${period}`, { spent, limit: formatMoney(limit, currency) });
    }),
  ].filter(Boolean);

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
    <li data-testid="device-row" className="px-4 py-3.5">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-60">
          <p className="flex flex-wrap items-baseline gap-x-3">
            <span className="truncate font-medium">{device.name}</span>
            <code className="font-mono text-[13px] text-muted-foreground">{device.client}</code>
          </p>
          <DevicePresence device={device} />
          {facts.length > 0 && (
            <p className="mt-0.5 text-[13px] text-muted-foreground tabular">{facts.join(' · ')}</p>
          )}
          {device.is_key_revoked && (
            <p className="mt-0.5 text-[13px] text-destructive">{t('devices.keyRevoked')}</p>
          )}
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
          <div className="flex flex-wrap items-center gap-2">
            <Button
              variant="outline"
              size="sm"
              aria-expanded={isOpen}
              aria-label={t('devices.requestsOf', { name: device.name })}
              onClick={() => setIsOpen(!isOpen)}
            >
              {t('devices.requests')}
            </Button>
            <Button
              variant="outline"
              size="sm"
              aria-label={t('devices.changeOf', { name: device.name })}
              onClick={() => setIsChanging(true)}
            >
              {t('devices.change')}
            </Button>
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
      </div>
      {isOpen && (
        <div className="mt-3">
          <DeviceRequestList id={device.id} />
        </div>
      )}
      {isChanging && (
        <DeviceDialog device={device} currency={currency} onClose={() => setIsChanging(false)} />
      )}
    </li>
  );
}

/** What it says of itself; of one that says nothing, when it asked last. */
function DevicePresence({ device }: { device: DeviceRead }) {
  const { t } = useTranslation();
  const { presence } = device;
  const asked = device.last_request_at
    ? t('devices.askedLast', { when: formatRelative(device.last_request_at) })
    : t('devices.neverAsked');
  return (
    <p className="mt-0.5 flex flex-wrap items-center gap-x-2 text-[13px] text-muted-foreground tabular">
      {presence && (
        <span
          data-testid="device-presence"
          data-state={presence.state}
          className={cn('flex items-center gap-2', presence.state === 'online' && 'text-foreground')}
        >
          <span
            className={cn(
              'size-2 rounded-full',
              presence.state === 'online' ? 'bg-success' : 'bg-muted-foreground/50',
            )}
          />
          {t(`devices.presence.${presence.state}`, { when: formatRelative(presence.since) })}
        </span>
      )}
      <span>{[presence && '·', asked].filter(Boolean).join(' ')}</span>
    </p>
  );
}
