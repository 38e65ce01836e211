import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Notice } from '@/components/ui/Notice';
import { Skeleton } from '@/components/ui/Skeleton';
import { useErrorText } from '@/hooks/useErrorText';
import type { StatsRow } from '@/lib/apiSchemas';
import { cn } from '@/lib/cn';
import { formatCompact, formatCount, formatDateTime, formatDuration } from '@/lib/format';
import { type StatsGroup, statsQuery } from '../api/admin';
import { GroupBar } from './GroupBar';
import { HourCharts } from './HourCharts';
import { Spending } from './Spending';

const windows = [1, 24, 24 * 7, 24 * 30].map((hours) => hours * 60);
const groups: StatsGroup[] = ['hour', 'model', 'door', 'user', 'device'];
const columns = ['turns', 'errors', 'tokensIn', 'tokensOut', 'cached', 'firstToken', 'total'] as const;

/** Turns, tokens, times and errors of a window, by hour, model, door or person. */
export function Figures() {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const [minutes, setMinutes] = useState(24 * 60);
  const hours = minutes / 60;
  const [by, setBy] = useState<StatsGroup>('hour');
  const { data, error } = useQuery({ ...statsQuery(hours, by), placeholderData: keepPreviousData });
  return (
    <>
      <GroupBar
        groups={groups}
        by={by}
        onBy={setBy}
        windows={windows}
        minutes={minutes}
        onMinutes={setMinutes}
      />
      {error && <Notice tone="error">{errorText(error)}</Notice>}
      {!data && !error && <Skeleton className="h-56" />}
      {data && by === 'hour' && <HourCharts hours={hours} rows={data.groups} />}
      {data && <Table by={by} total={data.total} rows={data.groups} />}
      {data?.is_partial && <p className="mt-3 text-muted-foreground text-sm">{t('admin.partial')}</p>}
      <Spending />
    </>
  );
}

function Table({ by, total, rows }: { by: StatsGroup; total: StatsRow; rows: StatsRow[] }) {
  const { t } = useTranslation();
  const most = Math.max(1, ...rows.map((row) => row.turns));
  return (
    <section
      tabIndex={0}
      aria-label={t('admin.view.figures')}
      className="overflow-x-auto rounded-2xl border bg-surface"
    >
      <table className="w-full min-w-[46rem] text-sm tabular" data-testid="figures">
        <thead className="text-left text-[13px] text-muted-foreground">
          <tr>
            <th className="px-4 py-2.5 font-medium">{t(`admin.group.${by}`)}</th>
            {columns.map((column) => (
              <th key={column} className="px-3 py-2.5 text-right font-medium">
                {t(`admin.column.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y border-t">
          {rows.map((row) => (
            <Row
              key={row.key}
              row={row}
              label={
                by === 'hour'
                  ? formatDateTime(row.key)
                  : row.key === 'none'
                    ? t(`admin.noGroup.${by}`)
                    : row.key
              }
              share={row.turns / most}
            />
          ))}
        </tbody>
        <tfoot className="border-t font-medium">
          <Row row={total} label={t('admin.allTogether')} />
        </tfoot>
      </table>
    </section>
  );
}

function Row({ row, label, share }: { row: StatsRow; label: string; share?: number }) {
  const time = (milliseconds: number | null) => (milliseconds === null ? '–' : formatDuration(milliseconds));
  return (
    <tr>
      <th scope="row" className="relative max-w-64 truncate px-4 py-2 text-left font-normal">
        {share !== undefined && (
          <span
            aria-hidden
            className="absolute inset-y-1 left-0 rounded-r bg-primary-soft"
            style={{ width: `${Math.round(share * 100)}%` }}
          />
        )}
        <span className="relative">{label || '–'}</span>
      </th>
      <td className="px-3 py-2 text-right">{formatCount(row.turns)}</td>
      <td className={cn('px-3 py-2 text-right', row.errors > 0 && 'text-destructive')}>
        {formatCount(row.errors)}
      </td>
      <td className="px-3 py-2 text-right">{formatCompact(row.prompt_tokens)}</td>
      <td className="px-3 py-2 text-right">{formatCompact(row.completion_tokens)}</td>
      <td className="px-3 py-2 text-right">{formatCompact(row.cached_tokens)}</td>
      <td className="px-3 py-2 text-right">
        {time(row.ttft_ms_p50)} / {time(row.ttft_ms_p95)}
      </td>
      <td className="px-3 py-2 text-right">
        {time(row.total_ms_p50)} / {time(row.total_ms_p95)}
      </td>
    </tr>
  );
}
