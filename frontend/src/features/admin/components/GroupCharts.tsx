import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Notice } from '@/components/ui/Notice';
import { useErrorText } from '@/hooks/useErrorText';
import type { TimelineRead, TimelineSeries } from '@/lib/apiSchemas';
import { formatCompact, formatDuration, formatMoney } from '@/lib/format';
import { type TimelineGroup, timelineQuery } from '../api/admin';
import { ChartCard } from './charts/ChartCard';
import type { GroupColor } from './charts/TimeChart';
import { GroupBar } from './GroupBar';

const groups: TimelineGroup[] = ['door', 'model', 'user', 'device'];
const windows = [15, 60, 180];
const colors: GroupColor[] = ['chart-1', 'chart-2', 'chart-3', 'chart-4', 'chart-5', 'chart-6'];

/** The last minutes by door, model, person or device: each chart has a line for each of the busiest. */
export function GroupCharts() {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const [by, setBy] = useState<TimelineGroup>('door');
  const [minutes, setMinutes] = useState(15);
  const { data, error } = useQuery({ ...timelineQuery(minutes, by), placeholderData: keepPreviousData });
  return (
    <section className="mt-9" aria-labelledby="group-charts">
      <h2 id="group-charts" className="font-semibold">
        {t('admin.groupsTitle')}
      </h2>
      <p className="mt-1 mb-3 text-muted-foreground text-sm">{t('admin.groupsHint')}</p>
      <GroupBar
        groups={groups}
        by={by}
        onBy={setBy}
        windows={windows}
        minutes={minutes}
        onMinutes={setMinutes}
      />
      {error && <Notice tone="error">{errorText(error)}</Notice>}
      {data?.series.length === 0 && <p className="text-muted-foreground text-sm">{t('admin.noRequests')}</p>}
      {data && data.series.length > 0 && <Charts read={data} />}
      {data?.is_partial && <p className="mt-3 text-muted-foreground text-sm">{t('admin.partial')}</p>}
    </section>
  );
}

function Charts({ read }: { read: TimelineRead }) {
  const { t } = useTranslation();
  const perMinute = (values: number[]) => values.map((value) => (value * 60) / read.step_seconds);
  const money = (amount: number) => formatMoney(amount, read.currency);
  const charts = [
    {
      name: 'requestsPerMinute',
      format: formatCompact,
      pick: (one: TimelineSeries) => perMinute(one.turns),
    },
    { name: 'firstToken', format: formatDuration, pick: (one: TimelineSeries) => one.ttft_ms_p50 },
    {
      name: 'tokens',
      format: formatCompact,
      pick: (one: TimelineSeries) => one.tokens.map((value) => value / read.step_seconds),
    },
    { name: 'errors', format: formatCompact, pick: (one: TimelineSeries) => one.errors },
    { name: 'hits', format: formatCompact, pick: (one: TimelineSeries) => one.cache_hits },
    { name: 'cost', format: money, pick: (one: TimelineSeries) => perMinute(one.cost) },
  ];
  return (
    <ul className="grid gap-3 md:grid-cols-2 xl:grid-cols-3" data-testid="group-charts">
      {charts.map(({ name, format, pick }) => (
        <ChartCard
          key={name}
          title={t(`admin.chart.${name}`)}
          times={read.times}
          format={format}
          series={read.series.map((one, place) => ({
            label: one.is_rest
              ? t('admin.rest')
              : one.key === 'none'
                ? t(`admin.noGroup.${read.by}`)
                : one.key,
            color: one.is_rest ? 'muted-foreground' : (colors[place] ?? 'muted-foreground'),
            values: pick(one),
          }))}
        />
      ))}
    </ul>
  );
}
