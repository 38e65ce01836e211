import { expect, test } from 'vitest';
import type { PulsePoint } from '@/lib/apiSchemas';
import { joined, pointsKept, withPoint } from './pulse';

const at = (seconds: number) => ({ at: seconds }) as PulsePoint;

test('a point is added once, in order, and old ones go', () => {
  const one = [at(2)];
  expect(withPoint(one, at(2))).toBe(one);
  expect(withPoint(one, at(1))).toBe(one);
  expect(withPoint(one, null)).toBe(one);
  expect(withPoint(one, at(4)).map((point) => point.at)).toEqual([2, 4]);
  const many = Array.from({ length: pointsKept + 5 }, (_, index) => at(index)).reduce(
    withPoint,
    [] as PulsePoint[],
  );
  expect(many).toHaveLength(pointsKept);
  expect(many[0]?.at).toBe(5);
});

test('what was fetched and what was streamed meanwhile overlap without doubles', () => {
  expect(joined([at(2), at(4)], [at(4), at(6)]).map((point) => point.at)).toEqual([2, 4, 6]);
});
