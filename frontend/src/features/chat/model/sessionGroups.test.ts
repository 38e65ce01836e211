import { expect, test } from 'vitest';
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
