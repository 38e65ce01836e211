import { expect, test } from 'vitest';
import type { StatsRow } from '@/lib/apiSchemas';
import { byHour } from './hours';

test('hours without a row are there, and rows stand at their hour', () => {
  const row = { key: '2026-11-21T08:00:00.000Z', turns: 3 } as StatsRow;
  const { times, at } = byHour([row], 4, Date.parse('2026-11-21T10:20:00Z'));
  expect(times.map((time) => new Date(time * 1000).getUTCHours())).toEqual([6, 7, 8, 9, 10]);
  expect(at).toEqual([undefined, undefined, row, undefined, undefined]);
});
