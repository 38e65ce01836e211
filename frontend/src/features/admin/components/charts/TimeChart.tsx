import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef } from 'react';
import { useThemeColors } from './useThemeColors';

export type GroupColor = 'chart-1' | 'chart-2' | 'chart-3' | 'chart-4' | 'chart-5' | 'chart-6';
export type ChartColor = 'primary' | 'warning' | 'destructive' | 'success' | 'muted-foreground' | GroupColor;

export interface ChartSeries {
  label: string;
  color: ChartColor;
  values: (number | null)[];
  /** Bars for what is counted per step, lines for what goes on. */
  isBars?: boolean;
}

interface TimeChartProps {
  /** Seconds since 1970. */
  times: number[];
  series: ChartSeries[];
  /** How a value is written on the axis and beside the cursor. */
  format: (value: number) => string;
  /** What a reader who does not see it is told. */
  summary: string;
  height?: number;
}

/** Values over time. Drawn anew when the theme or the width changes, only refilled when values come. */
export default function TimeChart({ times, series, format, summary, height = 150 }: TimeChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const colors = useThemeColors();
  const data = [times, ...series.map((one) => one.values)] as uPlot.AlignedData;
  const newest = useRef(data);
  newest.current = data;
  const shape = series.map((one) => `${one.label}:${one.color}:${one.isBars}`).join();

  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` stands for the series, whose values change often
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const made = new uPlot(
      options(element.clientWidth, height, series, colors, format),
      newest.current,
      element,
    );
    chart.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [shape, colors, height, format]);

  useEffect(() => chart.current?.setData(data));
  return (
    <div ref={place} role="img" aria-label={summary} className="min-w-0 overflow-hidden" style={{ height }} />
  );
}

/** A tick's time as short as the distance between ticks allows. */
function timeOf(ticks: number[]): (tick: number) => string {
  const step = (ticks[1] ?? 0) - (ticks[0] ?? 0);
  const parts: Intl.DateTimeFormatOptions =
    step >= 86_400
      ? { month: 'short', day: 'numeric' }
      : { hour: '2-digit', minute: '2-digit', second: step < 60 ? '2-digit' : undefined, hour12: false };
  const format = new Intl.DateTimeFormat(document.documentElement.lang || 'en', parts);
  return (tick) => format.format(tick * 1000);
}

function options(
  width: number,
  height: number,
  series: ChartSeries[],
  colors: Record<string, string>,
  format: (value: number) => string,
): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: colors['muted-foreground'],
    font: '11px Inter Variable, sans-serif',
    grid: { stroke: colors.border, width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    padding: [8, 6, 0, 0],
    scales: { y: { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] } },
    axes: [
      { ...axis, space: 70, size: 24, values: (_, ticks) => ticks.map(timeOf(ticks)) },
      { ...axis, size: 56, space: 32, values: (_, ticks) => ticks.map((tick) => format(tick)) },
    ],
    series: [
      {},
      ...series.map((one) => ({
        label: one.label,
        stroke: colors[one.color],
        fill: one.isBars ? colors[one.color] : undefined,
        width: one.isBars ? 0 : 1.75,
        spanGaps: !one.isBars,
        points: one.isBars ? { show: false } : { size: 5 }, // a line of few values shows each of them
        paths: one.isBars ? uPlot.paths.bars?.({ size: [0.7, 40] }) : undefined,
      })),
    ],
  };
}
