import { useTranslation } from 'react-i18next';
import type { StatsRow } from '@/lib/apiSchemas';
import { formatCompact, formatDuration } from '@/lib/format';
import { byHour } from '../model/hours';
import { ChartCard } from './charts/ChartCard';

/** A window's hours as charts; an hour in which nobody asked is a zero, not a gap. */
export function HourCharts({ hours, rows }: { hours: number; rows: StatsRow[] }) {
  const { t } = useTranslation();
  const { times, at } = byHour(rows, hours, Date.now());
  const count = (pick: (row: StatsRow) => number) => at.map((row) => (row ? pick(row) : 0));
  const time = (pick: (row: StatsRow) => number | null) => at.map((row) => (row ? pick(row) : null));
  return (
    <ul className="mb-4 grid gap-3 md:grid-cols-2 xl:grid-cols-3">
      <ChartCard
        title={t('admin.column.turns')}
        times={times}
        format={formatCompact}
        series={[
          {
            label: t('admin.column.turns'),
            color: 'primary',
            values: count((row) => row.turns),
            isBars: true,
          },
          {
            label: t('admin.column.errors'),
            color: 'destructive',
            values: count((row) => row.errors),
            isBars: true,
          },
        ]}
      />
      <ChartCard
        title={t('admin.chart.firstToken')}
        times={times}
        format={formatDuration}
        series={[
          { label: 'p50', color: 'primary', values: time((row) => row.ttft_ms_p50) },
          { label: 'p95', color: 'warning', values: time((row) => row.ttft_ms_p95) },
        ]}
      />
      <ChartCard
        title={t('admin.column.tokensOut')}
        times={times}
        format={formatCompact}
        series={[
          {
            label: t('admin.column.tokensOut'),
            color: 'primary',
            values: count((row) => row.completion_tokens),
            isBars: true,
          },
        ]}
      />
    </ul>
  );
}
