import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Skeleton } from '@/components/ui/Skeleton';
import { useErrorText } from '@/hooks/useErrorText';
import { cn } from '@/lib/cn';
import { formatCount, formatDuration, formatMoney, formatRelative } from '@/lib/format';
import { requestsQuery } from '../api/devices';

/** What a device asked last: when, of which model, how it ended and what it took. No texts. */
export function DeviceRequestList({ id }: { id: string }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const { data, error } = useQuery(requestsQuery(id));
  if (error) return <p className="text-destructive text-sm">{errorText(error)}</p>;
  if (!data) return <Skeleton className="h-20" />;
  if (data.items.length === 0)
    return <p className="text-muted-foreground text-sm">{t('devices.noRequests')}</p>;
  return (
    <ol
      data-testid="device-requests"
      className="max-h-72 divide-y overflow-y-auto rounded-lg border text-[13px] tabular"
    >
      {data.items.map((request) => (
        <li key={request.created_at} className="flex flex-wrap items-baseline gap-x-4 gap-y-0.5 px-3 py-2">
          <span className="w-28 text-muted-foreground">{formatRelative(request.created_at)}</span>
          <span className="min-w-0 flex-1 truncate">{request.model ?? '–'}</span>
          <span className="text-muted-foreground">
            {[
              t('devices.tokens', {
                count: request.prompt_tokens + request.completion_tokens,
                value: formatCount(request.prompt_tokens + request.completion_tokens),
              }),
              request.total_ms !== null && formatDuration(request.total_ms),
              request.cost > 0 && formatMoney(request.cost, data.currency),
            ]
              .filter(Boolean)
              .join(' · ')}
          </span>
          <span
            className={cn(
              'w-20 text-right',
              request.status === 'error' ? 'text-destructive' : 'text-muted-foreground',
            )}
          >
            {request.error_code ?? t(`devices.status.${request.status}`, request.status)}
          </span>
        </li>
      ))}
    </ol>
  );
}
