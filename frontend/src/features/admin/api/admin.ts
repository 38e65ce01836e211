/** What operators see, and what administrators change. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type {
  AdminHealthRead,
  AdminUserList,
  AdminUserRead,
  AuditPage,
  InvitationRead,
  LimitsRead,
  LimitsUpdate,
  LiveTurn,
  ProviderCreate,
  ProviderList,
  ProviderRead,
  ProviderTest,
  ProviderUpdate,
  PulsePoint,
  PulseRead,
  StatsRead,
  TimelineRead,
} from '@/lib/apiSchemas';
import { openResponse, requestData } from '@/lib/http';
import { readServerEvents } from '@/lib/sse';

export type Role = AdminUserRead['role'];
export type StatsGroup = StatsRead['by'];

export interface Snapshot {
  health: AdminHealthRead;
  live: LiveTurn[];
  point?: PulsePoint | null;
}

/** Call `onSnapshot` for each look at the portal, until the stream ends. */
export async function followPortal(
  onSnapshot: (snapshot: Snapshot) => void,
  signal: AbortSignal,
): Promise<void> {
  const response = await openResponse('/api/admin/events', { signal });
  await readServerEvents(response, ({ data }) => {
    const event = JSON.parse(data) as Partial<Snapshot>;
    if (event.health && event.live) onSnapshot(event as Snapshot);
  });
}

export function fetchPulse(signal: AbortSignal): Promise<PulseRead> {
  return requestData<PulseRead>('/api/admin/pulse', { signal });
}

export const statsQuery = (hours: number, by: StatsGroup) =>
  queryOptions({
    queryKey: ['admin', 'stats', hours, by],
    queryFn: ({ signal }) => requestData<StatsRead>(`/api/admin/stats?hours=${hours}&by=${by}`, { signal }),
    refetchInterval: 30_000,
  });

export type TimelineGroup = TimelineRead['by'];

export const timelineQuery = (minutes: number, by: TimelineGroup) =>
  queryOptions({
    queryKey: ['admin', 'timeline', minutes, by],
    queryFn: ({ signal }) =>
      requestData<TimelineRead>(`/api/admin/timeline?minutes=${minutes}&by=${by}`, { signal }),
    refetchInterval: 5000,
  });

export const peopleQuery = (text: string) =>
  infiniteQueryOptions({
    queryKey: ['admin', 'people', text],
    queryFn: ({ pageParam, signal }) => {
      const query = new URLSearchParams({ after: String(pageParam), ...(text && { query: text }) });
      return requestData<AdminUserList>(`/api/admin/users?${query}`, { signal });
    },
    initialPageParam: 0,
    getNextPageParam: (page: AdminUserList) => page.next_after,
  });

export interface AuditWish {
  action: string;
  actor: string;
  subject: string;
  /** A day of this browser's calendar, or nothing. */
  since: string;
}

export function auditPath(path: string, wish: AuditWish, more: Record<string, string>): string {
  const { since, ...plain } = wish;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...plain, ...more }))
    if (value.trim()) query.set(name, value.trim());
  if (since) query.set('since', new Date(`${since}T00:00`).toISOString());
  return `${path}?${query}`;
}

export const auditQuery = (wish: AuditWish) =>
  infiniteQueryOptions({
    queryKey: ['admin', 'audit', wish],
    queryFn: ({ pageParam, signal }) =>
      requestData<AuditPage>(auditPath('/api/admin/audit', wish, { before: pageParam }), { signal }),
    initialPageParam: '',
    getNextPageParam: (page: AuditPage) => page.next_before,
  });

export function updatePerson(
  id: number,
  change: { role?: Role; is_active?: boolean },
): Promise<AdminUserRead> {
  return requestData(`/api/admin/users/${id}`, { method: 'PATCH', body: change });
}

export function setLimits(id: number, limits: LimitsUpdate): Promise<LimitsRead> {
  return requestData(`/api/admin/users/${id}/limits`, { method: 'PUT', body: limits });
}

export function makeInvitation(role: Role, days: number): Promise<InvitationRead> {
  return requestData('/api/admin/invitations', { method: 'POST', body: { role, days } });
}

export function cancelTurn(turnId: string): Promise<unknown> {
  return requestData(`/api/admin/live/${encodeURIComponent(turnId)}/cancel`, { method: 'POST' });
}

export const providersQuery = queryOptions({
  queryKey: ['admin', 'providers'],
  queryFn: ({ signal }) => requestData<ProviderList>('/api/admin/providers', { signal }),
  refetchInterval: 10_000,
});

export function createProvider(wish: ProviderCreate): Promise<ProviderRead> {
  return requestData('/api/admin/providers', { method: 'POST', body: wish });
}

export function updateProvider(id: string, change: ProviderUpdate): Promise<ProviderRead> {
  return requestData(`/api/admin/providers/${encodeURIComponent(id)}`, { method: 'PATCH', body: change });
}

export function deleteProvider(id: string): Promise<unknown> {
  return requestData(`/api/admin/providers/${encodeURIComponent(id)}`, { method: 'DELETE' });
}

export function testProvider(id: string): Promise<ProviderTest> {
  return requestData(`/api/admin/providers/${encodeURIComponent(id)}/test`, { method: 'POST' });
}
