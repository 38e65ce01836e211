/** The side bar's sections: pinned first, then by day. What lies in a folder is found there (and pinned, when it is). */
import type { Session } from '@/lib/contracts';

export type GroupName = 'pinned' | 'today' | 'yesterday' | 'week' | 'month' | 'older';

export interface SessionGroup {
  name: GroupName;
  sessions: Session[];
}

const order: GroupName[] = ['pinned', 'today', 'yesterday', 'week', 'month', 'older'];

export function groupSessions(sessions: readonly Session[], now: Date): SessionGroup[] {
  const today = dayOf(now);
  const groups = new Map<GroupName, Session[]>();
  for (const session of sessions) {
    if (session.archived || (session.folder !== null && !session.pinned)) continue;
    const name = session.pinned ? 'pinned' : groupByAge(today - dayOf(new Date(session.updated_at)));
    groups.set(name, [...(groups.get(name) ?? []), session]);
  }
  return order.flatMap((name) => {
    const members = groups.get(name);
    return members ? [{ name, sessions: members }] : [];
  });
}

/** The number of a calendar day here; a day whose clocks are changed has 23 or 25 hours. */
function dayOf(at: Date): number {
  return Date.UTC(at.getFullYear(), at.getMonth(), at.getDate()) / 86_400_000;
}

function groupByAge(days: number): GroupName {
  if (days <= 0) return 'today';
  if (days === 1) return 'yesterday';
  if (days <= 7) return 'week';
  if (days <= 30) return 'month';
  return 'older';
}
