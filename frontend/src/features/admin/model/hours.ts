/** Rows by hour on an even line of time. */
import type { StatsRow } from '@/lib/apiSchemas';

const hourSeconds = 3600;

interface Hours {
  /** Each hour's beginning, in seconds since 1970. */
  times: number[];
  at: (StatsRow | undefined)[];
}

/** Every hour of the window up to now, with its row where there is one. */
export function byHour(rows: StatsRow[], hours: number, now: number): Hours {
  const known = new Map(rows.map((row) => [Date.parse(row.key) / 1000, row]));
  const last = Math.floor(now / 1000 / hourSeconds) * hourSeconds;
  const times = Array.from({ length: hours + 1 }, (_, index) => last - (hours - index) * hourSeconds);
  return { times, at: times.map((time) => known.get(time)) };
}
