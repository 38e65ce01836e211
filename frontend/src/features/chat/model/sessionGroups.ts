/** The side bar's sections: pinned first, then by day. What lies in a folder is found there (and pinned, when it is). */
import type { Session } from '@/lib/contracts';

export type GroupName = 'pinned' | 'today' | 'yesterday' | 'week' | 'month' | 'older';

export interface SessionGroup {
  name: GroupName;
  sessions: Session[];
}

const order: GroupName[] = ['pinned', 'today', 'yesterday', 'week', 'month', 'older'];

export function groupSessions(sessions: readonly Session[], now: Date): SessionGroup[] {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  const groups = new Map<GroupName, Session[]>();
  for (const session of sessions) {
    if (session.archived || (session.folder !== null && !session.pinned)) continue;
    const name = session.pinned ? 'pinned' : groupByAge(new Date(session.updated_at).getTime(), midnight);
    groups.set(name, [...(groups.get(name) ?? []), session]);
  }
  return order.flatMap((name) => {
    const members = groups.get(name);
    return members ? [{ name, sessions: members }] : [];
  });
}

function groupByAge(updatedAt: number, midnight: number): GroupName {
  const days = Math.ceil((midnight - updatedAt) / 86_400_000);
  if (days <= 0) return 'today';
  if (days === 1) return 'yesterday';
  if (days <= 7) return 'week';
  if (days <= 30) return 'month';
  return 'older';
}
