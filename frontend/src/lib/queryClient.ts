/** The one cache of what the server said; emptied when the person signs out. */
import { type InvalidateQueryFilters, QueryClient } from '@tanstack/react-query';
import { onSignedOut } from './authSession';
import { ApiError } from './errors';

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (failures, error) => failures < 2 && !(error instanceof ApiError && error.status < 500),
      refetchOnWindowFocus: true,
      // A browser without a network still reaches a portal on its own machine: ask, and let the answer say.
      networkMode: 'always',
      refetchOnReconnect: true,
    },
  },
});

onSignedOut(() => queryClient.clear());

/** Read again what may have been read before something changed. */
export async function readAgain(client: QueryClient, filters: InvalidateQueryFilters): Promise<void> {
  // A first look that is under way is kept by an invalidation, and its answer taken for new.
  const isFirstLook =
    client.isFetching({
      ...filters,
      predicate: (query) => query.state.data === undefined && (filters.predicate?.(query) ?? true),
    }) > 0;
  await client.invalidateQueries(filters);
  if (isFirstLook) await client.invalidateQueries(filters);
}
