/** The open routes of signing in, and the password's own. */
import { queryOptions } from '@tanstack/react-query';
import type { AccessToken, AuthConfig, User } from '@/lib/contracts';
import { requestData } from '@/lib/http';

export const authConfigQuery = queryOptions({
  queryKey: ['auth-config'],
  queryFn: ({ signal }) => requestData<AuthConfig>('/api/auth/config', { auth: false, signal }),
  staleTime: 60_000,
});

export function login(email: string, password: string): Promise<AccessToken> {
  return requestData('/api/auth/login', { method: 'POST', auth: false, body: { email, password } });
}

export interface Registration {
  email: string;
  password: string;
  invite?: string;
}

export function register(registration: Registration): Promise<User> {
  return requestData('/api/auth/register', { method: 'POST', auth: false, body: registration });
}

export function changePassword(currentPassword: string, newPassword: string): Promise<AccessToken> {
  return requestData('/api/auth/change-password', {
    method: 'POST',
    body: { current_password: currentPassword, new_password: newPassword },
  });
}
