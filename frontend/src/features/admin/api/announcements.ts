/** What is said to everybody, and invitations that are still open. */
import { queryOptions } from '@tanstack/react-query';
import type { AnnouncementList, AnnouncementRead, InvitationList } from '@/lib/apiSchemas';
import { requestData } from '@/lib/http';

export const announcedQuery = queryOptions({
  queryKey: ['announcements'],
  queryFn: ({ signal }) => requestData<AnnouncementList>('/api/announcements', { signal }),
});

export function announce(
  text: string,
  tone: AnnouncementRead['tone'],
  hours: number | null,
): Promise<AnnouncementRead> {
  return requestData('/api/admin/announcements', { method: 'POST', body: { text, tone, hours } });
}

export function takeDown(id: string): Promise<unknown> {
  return requestData(`/api/admin/announcements/${encodeURIComponent(id)}`, { method: 'DELETE' });
}

export const invitationsQuery = queryOptions({
  queryKey: ['admin', 'invitations'],
  queryFn: ({ signal }) => requestData<InvitationList>('/api/admin/invitations', { signal }),
});

export function withdrawInvitation(id: string): Promise<unknown> {
  return requestData(`/api/admin/invitations/${encodeURIComponent(id)}`, { method: 'DELETE' });
}
