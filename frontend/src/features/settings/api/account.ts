import { queryOptions } from '@tanstack/react-query';
import type { SignIn } from '@/lib/contracts';
import { requestData } from '@/lib/http';

export const signInsQuery = queryOptions({
  queryKey: ['sign-ins'],
  queryFn: async ({ signal }) =>
    (await requestData<{ items: SignIn[] }>('/api/auth/sessions', { signal })).items,
});

export function endSignIn(id: string): Promise<{ ok: boolean }> {
  return requestData(`/api/auth/sessions/${encodeURIComponent(id)}`, { method: 'DELETE' });
}

export function deleteAccount(password: string): Promise<{ ok: boolean }> {
  return requestData('/api/auth/account', { method: 'DELETE', body: { password } });
}
