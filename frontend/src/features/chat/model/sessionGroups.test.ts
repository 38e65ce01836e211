import { afterEach, expect, test, vi } from 'vitest';
import { makeDetail } from '@/testing/messages';
import { groupSessions } from './sessionGroups';

const now = new Date(2026, 5, 15, 10);
const at = (id: string, daysAgo: number, patch = {}) =>
  makeDetail([], { id, updated_at: new Date(now.getTime() - daysAgo * 86_400_000).toISOString(), ...patch });

test('pinned first, then by day, empty groups left out', () => {
  const sessions = [
    at('p', 90, { pinned: true }),
    at('a', 0),
    at('b', 1),
    at('c', 5),
    at('d', 20),
    at('e', 60),
  ];
  const names = groupSessions(sessions, now).map((group) => [
    group.name,
    group.sessions.map((session) => session.id),
  ]);
  expect(names).toEqual([
    ['pinned', ['p']],
    ['today', ['a']],
    ['yesterday', ['b']],
    ['week', ['c']],
    ['month', ['d']],
    ['older', ['e']],
  ]);
  expect(groupSessions([at('x', 0)], now)).toHaveLength(1);
});

afterEach(() => vi.unstubAllEnvs());

test('a day is a day, also where the clocks are put forward or back', () => {
  vi.stubEnv('TZ', 'Europe/Berlin');
  const groupOf = (updated: Date, today: Date) =>
    groupSessions([makeDetail([], { updated_at: updated.toISOString() })], today)[0]?.name;
  // Sunday, 25 October 2026 has 25 hours; Sunday, 29 March 2026 has 23.
  expect(groupOf(new Date(2026, 9, 25, 0, 30), new Date(2026, 9, 26, 9))).toBe('yesterday');
  expect(groupOf(new Date(2026, 2, 28, 23, 30), new Date(2026, 2, 30, 9))).toBe('week');
});
