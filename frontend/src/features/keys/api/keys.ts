import { queryOptions } from '@tanstack/react-query';
import type { ApiKey, ApiKeyCreate } from '@/lib/contracts';
import { requestData } from '@/lib/http';

export const keysQuery = queryOptions({
  queryKey: ['keys'],
  queryFn: async ({ signal }) => (await requestData<{ items: ApiKey[] }>('/api/keys', { signal })).items,
});

/** The answer carries the key itself, this once. */
export function createKey(key: ApiKeyCreate): Promise<ApiKey & { key: string }> {
  return requestData('/api/keys', { method: 'POST', body: key });
}

export function deleteKey(id: string): Promise<{ ok: boolean }> {
  return requestData(`/api/keys/${encodeURIComponent(id)}`, { method: 'DELETE' });
}
