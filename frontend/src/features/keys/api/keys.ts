import { queryOptions } from '@tanstack/react-query';
import type { KeyUpdate, UsageReport } from '@/lib/apiSchemas';
import type { ApiKey, ApiKeyCreate } from '@/lib/contracts';
import { requestData } from '@/lib/http';

export const keysQuery = queryOptions({
  queryKey: ['keys'],
  queryFn: async ({ signal }) => (await requestData<{ items: ApiKey[] }>('/api/keys', { signal })).items,
});

/** What each key has used since the first of the month (UTC, as budgets are). */
export const keySpendingQuery = queryOptions({
  queryKey: ['keys', 'spending'],
  queryFn: ({ signal }) => {
    const since = `${new Date().toISOString().slice(0, 8)}01`;
    return requestData<UsageReport>(`/api/usage?by=key&since=${since}`, { signal });
  },
});

/** The answer carries the key itself, this once. */
export function createKey(key: ApiKeyCreate): Promise<ApiKey & { key: string }> {
  return requestData('/api/keys', { method: 'POST', body: key });
}

export function updateKey(id: string, change: KeyUpdate): Promise<ApiKey> {
  return requestData(`/api/keys/${encodeURIComponent(id)}`, { method: 'PATCH', body: change });
}

export function deleteKey(id: string): Promise<{ ok: boolean }> {
  return requestData(`/api/keys/${encodeURIComponent(id)}`, { method: 'DELETE' });
}
