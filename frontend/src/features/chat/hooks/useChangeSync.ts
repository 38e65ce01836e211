import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { backOff } from '@/lib/eventBuffer';
import { readAgain } from '@/lib/queryClient';
import { followChanges } from '../api/changes';
import { getLiveTurn, isRunning } from '../model/liveTurns';
import { refreshSideBar } from '../model/sessionLists';

/** A game may change a conversation twenty times a second; what is shown is looked up once in this time. */
const restMs = 1000;
/** A stream that ends sooner counts as a failure: something on the way does not let streams through. */
const steadyMs = 10_000;

/** What another tab or device, a program or a game did to a conversation is looked up at once, while this page is seen. */
export function useChangeSync(): void {
  const client = useQueryClient();
  useEffect(() => {
    let watching: AbortController | null = null;
    const past = { hasListened: false };
    const follow = () => {
      const isSeen = document.visibilityState === 'visible';
      if (isSeen && !watching) {
        watching = new AbortController();
        void keepFollowing(createLookup(client, watching.signal), past, watching.signal);
      } else if (!isSeen) {
        // A hidden page keeps no connection: browsers allow few, and it looks again when it is seen.
        watching?.abort();
        watching = null;
      }
    };
    follow();
    document.addEventListener('visibilitychange', follow);
    return () => {
      document.removeEventListener('visibilitychange', follow);
      watching?.abort();
    };
  }, [client]);
}

type Lookup = (sessionIds: string[] | null) => void;

async function keepFollowing(
  look: Lookup,
  past: { hasListened: boolean },
  signal: AbortSignal,
): Promise<void> {
  let attempt = 0;
  while (!signal.aborted) {
    const startedAt = Date.now();
    let isFirst = true;
    try {
      await followChanges((sessionIds) => {
        // Between two streams something may have gone by.
        look(isFirst && past.hasListened ? null : sessionIds);
        isFirst = false;
        past.hasListened = true;
      }, signal);
    } catch {
      // Offline, signed out or an older portal: the next attempt says.
    }
    attempt = Date.now() - startedAt > steadyMs ? 0 : attempt + 1;
    if (!signal.aborted) await backOff(attempt, signal).catch(() => undefined);
  }
}

/** Gather ids and look them up: the first at once, those that follow together after a rest. */
function createLookup(client: QueryClient, signal: AbortSignal): Lookup {
  let waiting: Set<string> | 'all' | null = null;
  let timer: ReturnType<typeof setTimeout> | null = null;
  signal.addEventListener('abort', () => timer && clearTimeout(timer));

  const lookUp = () => {
    timer = null;
    if (!waiting) return;
    const changed = waiting;
    waiting = null;
    timer = setTimeout(lookUp, restMs);
    refreshSideBar(client);
    void readAgain(client, {
      queryKey: ['session'],
      // What streams here is looked up when it has ended.
      predicate: ({ queryKey: [, id] }) =>
        typeof id === 'string' && (changed === 'all' || changed.has(id)) && !isRunning(getLiveTurn(id)),
    });
  };

  return (sessionIds) => {
    if (sessionIds?.length === 0) return;
    if (sessionIds === null || waiting === 'all') waiting = 'all';
    else waiting = new Set([...(waiting ?? []), ...sessionIds]);
    if (timer === null) lookUp();
  };
}
