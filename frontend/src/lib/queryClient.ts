/** The one cache of what the server said; emptied when the person signs out. */
import { QueryClient } from '@tanstack/react-query';
import { onSignedOut } from './authSession';
import { ApiError } from './errors';

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (failures, error) => failures < 2 && !(error instanceof ApiError && error.status < 500),
      refetchOnWindowFocus: true,
    },
  },
});

onSignedOut(() => queryClient.clear());
