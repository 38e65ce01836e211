import { beforeEach, expect, test, vi } from 'vitest';
import { useAuthSession } from './authSession';
import { ApiError, OfflineError } from './errors';
import { request } from './http';

const user = { id: 1, email: 'a@b.c', role: 'user' as const, must_change_password: false, created_at: '' };
const answer = (status: number, body: unknown, headers = {}) =>
  new Response(JSON.stringify(body), { status, headers });
const unauthorized = () => answer(401, { error: { code: 'not_authenticated', message: 'Expired.' } });

let calls: { path: string; token: string | null }[];
let refreshAnswers: (() => Response | Promise<Response>)[];

beforeEach(() => {
  calls = [];
  refreshAnswers = [];
  useAuthSession.setState({ status: 'signed-in', accessToken: 'old', user });
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    const token = new Headers(init.headers).get('authorization');
    calls.push({ path, token });
    if (path === '/api/auth/refresh') return (refreshAnswers.shift() ?? unauthorized)();
    return token === 'Bearer new' ? answer(200, { ok: true }) : unauthorized();
  });
});

const refreshCount = () => calls.filter((call) => call.path === '/api/auth/refresh').length;

test('five requests that expire together refresh once, and all succeed', async () => {
  refreshAnswers = [
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return answer(200, { access_token: 'new', token_type: 'bearer', expires_in: 60 });
    },
  ];
  const results = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => request(`/api/${name}`)));
  expect(results.map((result) => result.status)).toEqual([200, 200, 200, 200, 200]);
  expect(refreshCount()).toBe(1);
  expect(useAuthSession.getState().accessToken).toBe('new');
});

test('a request that was under way while another refreshed uses the new token without a second refresh', async () => {
  let isFirst = true;
  const inner = globalThis.fetch;
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    if (path === '/api/late' && isFirst) {
      isFirst = false;
      useAuthSession.setState({ accessToken: 'new' });
    }
    return inner(path, init);
  });
  expect((await request('/api/late')).status).toBe(200);
  expect(refreshCount()).toBe(0);
});

test('a refresh that is refused signs out, once, and the caller gets the 401', async () => {
  await expect(request('/api/a')).rejects.toMatchObject({ status: 401, code: 'not_authenticated' });
  expect(refreshCount()).toBe(1);
  expect(useAuthSession.getState()).toMatchObject({ status: 'signed-out', accessToken: null, user: null });
});

test('a 401 after the refresh is an answer, not a reason to refresh for ever', async () => {
  refreshAnswers = [() => answer(200, { access_token: 'other', token_type: 'bearer', expires_in: 60 })];
  await expect(request('/api/a')).rejects.toMatchObject({ status: 401 });
  expect(refreshCount()).toBe(1);
  expect(useAuthSession.getState().status).toBe('signed-in');
});

test('once signed out, nothing more is asked of the portal', async () => {
  useAuthSession.setState({ status: 'signed-out', accessToken: null, user: null });
  await expect(request('/api/a')).rejects.toMatchObject({ status: 401 });
  expect(calls).toEqual([]);
});

test('no network while refreshing does not sign out', async () => {
  refreshAnswers = [() => Promise.reject(new TypeError('Failed to fetch'))];
  await expect(request('/api/a')).rejects.toBeInstanceOf(OfflineError);
  expect(useAuthSession.getState().status).toBe('signed-in');
});

test('an error answer becomes an ApiError with code, request id and retry-after', async () => {
  vi.stubGlobal('fetch', async () =>
    answer(
      429,
      { error: { code: 'queue_full', message: 'Full.', request_id: 'r1' } },
      { 'retry-after': '3' },
    ),
  );
  const error = await request('/api/a').catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status: 429, code: 'queue_full', requestId: 'r1', retryAfterSeconds: 3 });
});

test('a proxy that answers with a web page gives a readable error', async () => {
  vi.stubGlobal(
    'fetch',
    async () => new Response('<html>Bad gateway</html>', { status: 502, statusText: 'Bad Gateway' }),
  );
  await expect(request('/api/a')).rejects.toMatchObject({ code: 'http_502', message: 'Bad Gateway' });
});
