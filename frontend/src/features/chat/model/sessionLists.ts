/** Every list of conversations that is in the cache (all, archived, each folder), changed as one. */
import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import type { Session } from '@/lib/contracts';
import { type SessionPage, sessionsQuery } from '../api/sessions';

type Lists = InfiniteData<SessionPage>;
const everyList = { queryKey: sessionsQuery.queryKey };

/** Read again what a list may not have yet. */
export async function refreshLists(client: QueryClient): Promise<void> {
  // A first look that is under way is kept by an invalidation, and may have begun before the change.
  const isFirstLook =
    client.isFetching({ ...everyList, predicate: (query) => query.state.data === undefined }) > 0;
  await client.invalidateQueries(everyList);
  if (isFirstLook) await client.invalidateQueries(everyList);
}

/** Change each session, or take it out by answering null. */
export function editLists(client: QueryClient, change: (session: Session) => Session | null): void {
  client.setQueriesData<Lists>(everyList, (data) => {
    if (!data) return data;
    const pages = data.pages.map((page) => ({
      ...page,
      items: page.items.flatMap((session) => change(session) ?? []),
    }));
    return { ...data, pages };
  });
}

/** Answers what puts the lists back as they are now. */
export function listSnapshot(client: QueryClient): () => void {
  const before = client.getQueriesData<Lists>(everyList);
  return () => {
    for (const [key, data] of before) client.setQueryData(key, data);
  };
}

export const sessionsOf = (data: Lists | undefined): Session[] =>
  data?.pages.flatMap((page) => page.items) ?? [];
