/** What everybody has used and what it cost. */
import { queryOptions } from '@tanstack/react-query';
import type { UsageReport } from '@/lib/apiSchemas';
import { requestData } from '@/lib/http';

export type SpendingGroup = 'day' | 'model' | 'door' | 'user' | 'device';

export const spendingQuery = (by: SpendingGroup, since: string) =>
  queryOptions({
    queryKey: ['admin', 'usage', by, since],
    queryFn: ({ signal }) => requestData<UsageReport>(`/api/admin/usage?by=${by}&since=${since}`, { signal }),
    refetchInterval: 60_000,
  });
