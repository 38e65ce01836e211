/** Points of the live charts: what the portal has kept, and what the stream adds. */
import type { PulsePoint } from '@/lib/apiSchemas';

export const pointsKept = 300;

/** Add a point if it is newer; the same list when it is not, so that nothing is drawn again. */
export function withPoint(points: PulsePoint[], point: PulsePoint | null | undefined): PulsePoint[] {
  const last = points.at(-1);
  if (!point || (last && point.at <= last.at)) return points;
  return [...points, point].slice(-pointsKept);
}

/** What was fetched, and behind it what the stream brought meanwhile. */
export function joined(fetched: PulsePoint[], streamed: PulsePoint[]): PulsePoint[] {
  return streamed.reduce(withPoint, fetched);
}
