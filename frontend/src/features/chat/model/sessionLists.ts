/** Every list of conversations that is in the cache (all, archived, each folder), changed as one. */
import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import type { Session } from '@/lib/contracts';
import { readAgain } from '@/lib/queryClient';
import { foldersQuery } from '../api/folders';
import { type SessionPage, sessionsQuery } from '../api/sessions';

type Lists = InfiniteData<SessionPage>;
const everyList = { queryKey: sessionsQuery.queryKey };

export const refreshLists = (client: QueryClient): Promise<void> => readAgain(client, everyList);

/** The lists, and the folders with how much they hold. */
export function refreshSideBar(client: QueryClient): void {
  void refreshLists(client);
  void readAgain(client, { queryKey: foldersQuery.queryKey });
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
