import { Unplug } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '@/components/ui/IconButton';
import type { ConnectionRead } from '@/lib/apiSchemas';
import { cn } from '@/lib/cn';
import { formatTime } from '@/lib/format';
import type { LinkStatus } from '../model/mqttLink';

const dots: Record<Exclude<LinkStatus, 'refused'>, string> = {
  connecting: 'bg-muted-foreground animate-breathe',
  connected: 'bg-success',
  waiting: 'bg-warning animate-breathe',
};

interface LinkLineProps {
  status: Exclude<LinkStatus, 'refused'>;
  account: ConnectionRead | null;
  breaks: number;
  onCut: () => void;
}

/** Whether the broker is there, by which name, until when, and how often the line broke. */
export function LinkLine({ status, account, breaks, onCut }: LinkLineProps) {
  const { t } = useTranslation();
  const until = account && formatTime(account.expires_at);
  return (
    <div
      data-testid="mqtt-link"
      data-status={status}
      className="mb-5 flex min-h-11 items-center gap-3 rounded-lg border bg-surface py-1 pr-1.5 pl-3.5 text-sm tabular"
    >
      <div className="flex min-w-0 flex-1 flex-wrap items-center gap-x-4">
        <span role="status" className="flex items-center gap-2.5 font-medium">
          <span className={cn('size-2 rounded-full', dots[status])} />
          {t(`playground.status.${status}`)}
        </span>
        {account && (
          <code className="hidden font-mono text-[13px] text-muted-foreground sm:inline">
            {account.client_id}
          </code>
        )}
        <span className="text-[13px] text-muted-foreground">
          {[
            until && t('playground.until', { time: until }),
            breaks > 0 && t('playground.breaks', { count: breaks }),
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
      </div>
      <IconButton
        label={t('playground.cut')}
        disabled={status !== 'connected'}
        data-testid="mqtt-cut"
        onClick={onCut}
      >
        <Unplug size={17} />
      </IconButton>
    </div>
  );
}
