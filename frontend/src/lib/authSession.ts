/**
 * Who is signed in. The access token lives in memory only; the refresh cookie is the browser's.
 * Signing out clears everything, in every tab.
 */
import { create } from 'zustand';
import type { AccessToken, User } from './contracts';
import { apiUrl, requestCredentials } from './env';
import { ApiError, errorFromResponse, OfflineError } from './errors';

type AuthStatus = 'loading' | 'unreachable' | 'signed-out' | 'signed-in';

interface AuthState {
  status: AuthStatus;
  accessToken: string | null;
  user: User | null;
  /** They left on purpose: whoever signs in next begins at the start, not where this one was. */
  hasLeft: boolean;
}

export const useAuthSession = create<AuthState>(() => ({
  status: 'loading',
  accessToken: null,
  user: null,
  hasLeft: false,
}));

const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('portal.auth');
type SignOutListener = (hasLeft: boolean) => void;
const signOutListeners = new Set<SignOutListener>();
let refreshInFlight: Promise<Renewed> | null = null;

/** Run `listener` whenever nobody is signed in any more: on purpose (`hasLeft`), or because the sign-in ran out. */
export function onSignedOut(listener: SignOutListener): () => void {
  signOutListeners.add(listener);
  return () => signOutListeners.delete(listener);
}

function emptySession(hasLeft: boolean): void {
  useAuthSession.setState({ status: 'signed-out', accessToken: null, user: null, hasLeft });
  for (const listener of signOutListeners) listener(hasLeft);
}

/** Empty everything of this person. `hasLeft` when they asked for it; then the other tabs are told too. */
export function forgetSession(hasLeft = false): void {
  emptySession(hasLeft);
  if (hasLeft) channel?.postMessage('signed-out');
}

if (channel) {
  channel.onmessage = (event) => {
    if (event.data === 'signed-out' && useAuthSession.getState().status === 'signed-in') emptySession(true);
  };
}

type Renewed = AccessToken & { user: User };

declare global {
  interface Window {
    /** What start.js asked before this program was here; taken once. */
    portalRenewal?: Promise<Response>;
  }
}

function askForRenewal(): Promise<Response> {
  const early = window.portalRenewal;
  window.portalRenewal = undefined;
  return early ?? fetch(apiUrl('/api/auth/refresh'), { method: 'POST', credentials: requestCredentials });
}

async function requestRefresh(): Promise<Renewed> {
  let response: Response;
  try {
    response = await askForRenewal();
  } catch (cause) {
    throw new OfflineError(cause);
  }
  if (!response.ok) throw await errorFromResponse(response);
  const renewed = (await response.json()) as Renewed;
  useAuthSession.setState({ accessToken: renewed.access_token });
  return renewed;
}

/** Trade the refresh cookie for an access token; callers at the same time share one request. */
export async function refreshAccessToken(): Promise<string> {
  return (await renew()).access_token;
}

function renew(): Promise<Renewed> {
  refreshInFlight ??= requestRefresh().finally(() => {
    refreshInFlight = null;
  });
  return refreshInFlight;
}

/** Take a token that signing in (or a new password) answered with, and learn whose it is. */
export async function adoptToken(token: string): Promise<User> {
  const response = await fetch(apiUrl('/api/auth/me'), {
    headers: { authorization: `Bearer ${token}` },
    credentials: requestCredentials,
  });
  if (!response.ok) throw await errorFromResponse(response);
  const user = (await response.json()) as User;
  useAuthSession.setState({ status: 'signed-in', accessToken: token, user });
  return user;
}

/** On load: is this browser still signed in? */
export async function restoreSession(): Promise<void> {
  try {
    const { access_token, user } = await renew();
    useAuthSession.setState({ status: 'signed-in', accessToken: access_token, user });
  } catch (error) {
    if (error instanceof ApiError && error.status < 500) forgetSession();
    else useAuthSession.setState({ status: 'unreachable' });
  }
}

export async function signOut(): Promise<void> {
  const token = useAuthSession.getState().accessToken;
  await fetch(apiUrl('/api/auth/logout'), {
    method: 'POST',
    credentials: requestCredentials,
    headers: token ? { authorization: `Bearer ${token}` } : {},
  }).catch(() => undefined);
  forgetSession(true);
}

export function requirePasswordChange(): void {
  const { user } = useAuthSession.getState();
  if (user && !user.must_change_password) {
    useAuthSession.setState({ user: { ...user, must_change_password: true } });
  }
}
