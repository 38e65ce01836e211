/** A shared conversation: open to whoever has its link, so no token is sent. */
import { queryOptions } from '@tanstack/react-query';
import type { SharedSession } from '@/lib/contracts';
import { ApiError } from '@/lib/errors';
import { requestData } from '@/lib/http';

export const sharedQuery = (token: string) =>
  queryOptions({
    queryKey: ['shared', token],
    queryFn: ({ signal }) =>
      requestData<SharedSession>(`/api/shared/${encodeURIComponent(token)}`, { auth: false, signal }),
    retry: (failures, error) => failures < 2 && !(error instanceof ApiError),
    refetchOnWindowFocus: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
