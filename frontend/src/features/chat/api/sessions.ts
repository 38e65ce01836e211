/** The conversations of the person: list, search, one with its tree, and what can be done to them. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { SearchHit, Session, SessionDetail } from '@/lib/contracts';
import { requestData } from '@/lib/http';

export interface SessionPage {
  items: Session[];
  next_cursor: string | null;
}

export interface SessionPatch {
  title?: string;
  pinned?: boolean;
  archived?: boolean;
  folder?: string | null;
  system_prompt?: string | null;
  model?: string | null;
}

const pathOf = (sessionId: string) => `/api/sessions/${encodeURIComponent(sessionId)}`;

/** Every list of conversations begins with `sessions` in its key, so that one call refreshes them all. */
const listQuery = <Key extends readonly string[]>(queryKey: Key, filter: string) =>
  infiniteQueryOptions({
    queryKey,
    queryFn: ({ pageParam, signal }) =>
      requestData<SessionPage>(
        `/api/sessions?limit=30${filter}${pageParam ? `&cursor=${encodeURIComponent(pageParam)}` : ''}`,
        { signal },
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    staleTime: 15_000,
  });

export const sessionsQuery = listQuery(['sessions'], '');
export const archivedSessionsQuery = listQuery(['sessions', 'archived'], '&archived=true');
export const folderSessionsQuery = (folder: string) =>
  listQuery(['sessions', 'folder', folder], `&folder=${encodeURIComponent(folder)}`);

export const sessionQuery = (sessionId: string) =>
  queryOptions({
    queryKey: ['session', sessionId],
    queryFn: ({ signal }) => requestData<SessionDetail>(pathOf(sessionId), { signal }),
    // A conversation also changes in other tabs and on other devices: look again whenever it comes into sight.
    staleTime: 0,
  });

export const searchQuery = (text: string) =>
  queryOptions({
    queryKey: ['search', text],
    queryFn: async ({ signal }) =>
      (
        await requestData<{ items: SearchHit[] }>(
          `/api/sessions/search?q=${encodeURIComponent(text)}&limit=20`,
          {
            signal,
          },
        )
      ).items,
    enabled: text.length > 0,
    staleTime: 10_000,
  });

export function patchSession(sessionId: string, patch: SessionPatch): Promise<Session> {
  return requestData(pathOf(sessionId), { method: 'PATCH', body: patch });
}

export function deleteSession(sessionId: string): Promise<{ ok: boolean }> {
  return requestData(pathOf(sessionId), { method: 'DELETE' });
}

export function restoreSession(sessionId: string): Promise<Session> {
  return requestData(`${pathOf(sessionId)}/restore`, { method: 'POST' });
}

export function switchLeaf(sessionId: string, messageId: string): Promise<{ active_leaf_id: string }> {
  return requestData(`${pathOf(sessionId)}/leaf`, { method: 'POST', body: { message_id: messageId } });
}

export const exportPath = (sessionId: string, format: 'json' | 'markdown') =>
  `${pathOf(sessionId)}/export?format=${format}`;
