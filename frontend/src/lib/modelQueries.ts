/** Which models answer, and whether they can right now. */
import { queryOptions } from '@tanstack/react-query';
import type { Health, Model } from '@/lib/contracts';
import { requestData } from '@/lib/http';

export const modelsQuery = queryOptions({
  queryKey: ['models'],
  queryFn: async ({ signal }) => (await requestData<{ items: Model[] }>('/api/models', { signal })).items,
  staleTime: 60_000,
});

export const healthQuery = queryOptions({
  queryKey: ['health'],
  queryFn: ({ signal }) => requestData<Health>('/api/llm/health', { auth: false, accept: [503], signal }),
  staleTime: 20_000,
  refetchInterval: (query) => (query.state.data?.status === 'healthy' ? 60_000 : 10_000),
});
