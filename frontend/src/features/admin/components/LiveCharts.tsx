import { useTranslation } from 'react-i18next';
import type { PulsePoint } from '@/lib/apiSchemas';
import { formatCompact, formatDuration, formatMoney } from '@/lib/format';
import { ChartCard } from './charts/ChartCard';
import type { ChartColor, ChartSeries } from './charts/TimeChart';

const inPercent = (share: number) => `${Math.round(share * 100)} %`;

/** The last ten minutes of all replicas together, a point every two seconds. */
export function LiveCharts({ points, currency }: { points: PulsePoint[]; currency: string }) {
  const { t } = useTranslation();
  const times = points.map((point) => point.at);
  const line = (name: keyof PulsePoint, color: ChartColor): ChartSeries => ({
    label: t(`admin.pulse.${name}`),
    color,
    values: points.map((point) => point[name]),
  });
  const charts = [
    {
      name: 'requests',
      format: formatCompact,
      series: [line('requests_per_second', 'primary'), line('turns_per_second', 'success')],
    },
    {
      name: 'firstToken',
      format: formatDuration,
      series: [line('ttft_ms_p50', 'primary'), line('ttft_ms_p95', 'warning')],
    },
    { name: 'tokens', format: formatCompact, series: [line('tokens_per_second', 'primary')] },
    { name: 'queue', format: formatCompact, series: [line('active', 'primary'), line('queued', 'warning')] },
    {
      name: 'errors',
      format: formatCompact,
      series: [line('failures', 'destructive'), line('refusals', 'warning')],
    },
    {
      name: 'cache',
      format: inPercent,
      series: [line('cached_share', 'success'), line('hit_share', 'primary')],
    },
    {
      name: 'cost',
      format: (amount: number) => formatMoney(amount, currency),
      series: [line('cost_per_minute', 'primary')],
    },
  ];
  return (
    <section className="mt-9" aria-labelledby="live-charts">
      <h2 id="live-charts" className="font-semibold">
        {t('admin.lastMinutes')}
      </h2>
      <p className="mt-1 mb-3 text-muted-foreground text-sm">
        {t('admin.lastMinutesHint', { count: points.at(-1)?.replicas ?? 1 })}
      </p>
      <ul className="grid gap-3 md:grid-cols-2 xl:grid-cols-3">
        {charts.map(({ name, ...chart }) => (
          <ChartCard key={name} title={t(`admin.chart.${name}`)} times={times} {...chart} />
        ))}
      </ul>
    </section>
  );
}
