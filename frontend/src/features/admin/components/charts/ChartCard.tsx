import { Suspense } from 'react';
import { Skeleton } from '@/components/ui/Skeleton';
import { cn } from '@/lib/cn';
import { latePart } from '@/lib/latePieces';
import type { ChartColor, ChartSeries } from './TimeChart';

const TimeChart = latePart(() => import('./TimeChart'));

const dots: Record<ChartColor, string> = {
  primary: 'bg-primary',
  warning: 'bg-warning',
  destructive: 'bg-destructive',
  success: 'bg-success',
  'muted-foreground': 'bg-muted-foreground',
  'chart-1': 'bg-chart-1',
  'chart-2': 'bg-chart-2',
  'chart-3': 'bg-chart-3',
  'chart-4': 'bg-chart-4',
  'chart-5': 'bg-chart-5',
  'chart-6': 'bg-chart-6',
};

interface ChartCardProps {
  title: string;
  times: number[];
  series: ChartSeries[];
  format: (value: number) => string;
  height?: number;
}

/** A chart with its newest values in words: the words are for everybody, the drawing is for the eye. */
export function ChartCard({ title, times, series, format, height = 150 }: ChartCardProps) {
  const newest = series.map((one) => {
    const value = one.values.findLast((found) => found !== null);
    return { ...one, shown: value == null ? '–' : format(value) };
  });
  const summary = `${title}: ${newest.map((one) => `${one.label} ${one.shown}`).join(', ')}`;
  return (
    <li data-testid="chart" className="min-w-0 rounded-2xl border bg-surface p-4">
      <h3 className="font-medium text-sm">{title}</h3>
      <p className="mt-1 mb-2 flex flex-wrap gap-x-4 gap-y-1 text-[13px] text-muted-foreground tabular">
        {newest.map((one) => (
          <span key={one.label} className="inline-flex min-w-0 items-center gap-1.5">
            <span aria-hidden className={cn('size-2 shrink-0 rounded-full', dots[one.color])} />
            <span className="truncate">{one.label}</span>{' '}
            <b className="font-medium text-foreground">{one.shown}</b>
          </span>
        ))}
      </p>
      <Suspense fallback={<Skeleton className="h-[150px]" />}>
        <TimeChart times={times} series={series} format={format} summary={summary} height={height} />
      </Suspense>
    </li>
  );
}
