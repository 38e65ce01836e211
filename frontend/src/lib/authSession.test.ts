import { beforeEach, expect, test, vi } from 'vitest';
import { refreshAccessToken, restoreSession, useAuthSession } from './authSession';

const user = { id: 1, email: 'a@b.c', role: 'user' as const, must_change_password: false, created_at: '' };
const renewed = (token: string) =>
  new Response(JSON.stringify({ access_token: token, token_type: 'bearer', expires_in: 60, user }));

let asked: string[];

beforeEach(() => {
  asked = [];
  useAuthSession.setState({ status: 'loading', accessToken: null, user: null });
  vi.stubGlobal('fetch', async (path: string) => {
    asked.push(path);
    return renewed('asked later');
  });
});

test('what was asked before the program was here is taken, once, and says whose it is', async () => {
  window.portalRenewal = Promise.resolve(renewed('asked early'));
  await restoreSession();
  expect(useAuthSession.getState()).toMatchObject({ status: 'signed-in', accessToken: 'asked early', user });
  expect(asked).toEqual([]);
  expect(await refreshAccessToken()).toBe('asked later');
  expect(asked).toEqual(['/api/auth/refresh']);
});

test('without it the page asks by itself', async () => {
  await restoreSession();
  expect(useAuthSession.getState()).toMatchObject({ status: 'signed-in', accessToken: 'asked later', user });
  expect(asked).toEqual(['/api/auth/refresh']);
});

test('an early question that found nobody signed in signs out; one that never arrived says so', async () => {
  window.portalRenewal = Promise.resolve(new Response('{}', { status: 401 }));
  await restoreSession();
  expect(useAuthSession.getState().status).toBe('signed-out');
  window.portalRenewal = Promise.reject(new TypeError('offline'));
  await restoreSession();
  expect(useAuthSession.getState().status).toBe('unreachable');
  expect(asked).toEqual([]);
});
