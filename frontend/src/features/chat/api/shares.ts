/** The read-only link of a conversation. The portal keeps no link that it could show again. */
import { queryOptions } from '@tanstack/react-query';
import type { ShareCreated, ShareState } from '@/lib/contracts';
import { requestData } from '@/lib/http';

const pathOf = (sessionId: string) => `/api/sessions/${encodeURIComponent(sessionId)}/share`;

export const shareQuery = (sessionId: string) =>
  queryOptions({
    queryKey: ['share', sessionId],
    queryFn: ({ signal }) => requestData<ShareState>(pathOf(sessionId), { signal }),
    staleTime: 0,
  });

export function makeShare(sessionId: string, includeReasoning: boolean): Promise<ShareCreated> {
  return requestData(pathOf(sessionId), { method: 'POST', body: { include_reasoning: includeReasoning } });
}

export function updateShare(sessionId: string): Promise<ShareState> {
  return requestData(pathOf(sessionId), { method: 'PUT' });
}

export function withdrawShare(sessionId: string): Promise<{ ok: boolean }> {
  return requestData(pathOf(sessionId), { method: 'DELETE' });
}
