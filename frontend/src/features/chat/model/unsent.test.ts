// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { forgetSession, useAuthSession } from '@/lib/authSession';
import type { SessionDetail, User } from '@/lib/contracts';
import { requestData } from '@/lib/http';
import { queryClient } from '@/lib/queryClient';
import { startMockServer } from '../../../../testing/mock-server.mjs';
import { sessionQuery } from '../api/sessions';
import { mergeConversation } from './conversation';
import { getLiveTurn, useLiveTurns } from './liveTurns';
import { leaveAllTurns, sendTurn } from './turnRunner';
import { pickUpUnsent } from './unsent';

type Mock = Awaited<ReturnType<typeof startMockServer>>;
let mock: Mock;
const realFetch = globalThis.fetch;
const asks = () => mock.state.requests.filter((entry) => entry.path.endsWith('/session/stream'));
const ada = { id: 1, email: 'ada@example.org' } as User;
const signIn = (user: User) => useAuthSession.setState({ status: 'signed-in', accessToken: 'jwt', user });

/** What a browser keeps over a reload. */
function storage(): object {
  const methods = {
    getItem(this: Record<string, string>, key: string) {
      return this[key] ?? null;
    },
    setItem(this: Record<string, string>, key: string, value: string) {
      this[key] = value;
    },
    removeItem(this: Record<string, string>, key: string) {
      delete this[key];
    },
  };
  return Object.create(methods);
}

beforeEach(async () => {
  mock = await startMockServer({ tokenMs: 1 });
  vi.stubEnv('VITE_API_BASE', mock.url);
  vi.stubGlobal('window', new EventTarget());
  vi.stubGlobal('localStorage', storage());
  // The shortest pauses between attempts.
  vi.spyOn(Math, 'random').mockReturnValue(0);
  signIn(ada);
});
afterEach(async () => {
  globalThis.fetch = realFetch;
  reload();
  await mock.close();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** Everything in memory is gone. */
function reload(): void {
  leaveAllTurns();
  useLiveTurns.setState({ bySession: {} });
  queryClient.clear();
}

/** The portal hears and does what is asked; its answers to messages are lost on the way back. */
function loseAnswers(): void {
  globalThis.fetch = async (url, init) => {
    const response = await realFetch(url, init);
    if (!String(url).endsWith('/session/stream')) return response;
    await response.body?.cancel();
    throw new TypeError('Failed to fetch');
  };
}

const failed = (sessionId: string) =>
  vi.waitFor(() => expect(getLiveTurn(sessionId)?.outcome).toBe('failed'), { timeout: 5000 });
const settled = (sessionId: string) =>
  vi.waitFor(() => expect(getLiveTurn(sessionId)).toBeUndefined(), { timeout: 5000 });

test('a message that was typed and not sent is there after a reload, with its files, to be sent again', async () => {
  globalThis.fetch = () => Promise.reject(new TypeError('Failed to fetch'));
  const file = {
    id: 'f1',
    name: 'a.txt',
    kind: 'document',
    media_type: 'text/plain',
    size_bytes: 3,
  } as const;
  void sendTurn({ sessionId: 'u1', message: 'Precious.', attachments: [file], isNewSession: true });
  await failed('u1');
  reload();
  pickUpUnsent('u1', undefined);
  const found = getLiveTurn('u1');
  expect(found?.error?.code).toBe('unsent');
  expect(found?.userMessage?.content).toBe('Precious.');
  expect(found?.request?.attachments).toEqual([file]);
});

test('a sign-in that has run out costs the message that found it out nothing', async () => {
  const refusal = { error: { code: 'not_authenticated', message: 'Sign in.' } };
  globalThis.fetch = async () => Response.json(refusal, { status: 401 });
  await sendTurn({ sessionId: 'u2', message: 'Precious.', isNewSession: true });
  expect(useAuthSession.getState().status).toBe('signed-out');
  expect(getLiveTurn('u2')).toBeUndefined();
  signIn(ada);
  pickUpUnsent('u2', undefined);
  expect(getLiveTurn('u2')?.userMessage?.content).toBe('Precious.');
});

test('another person at this browser does not find it, and who leaves leaves nothing behind', async () => {
  globalThis.fetch = () => Promise.reject(new TypeError('Failed to fetch'));
  void sendTurn({ sessionId: 'u3', message: 'Mine.', isNewSession: true });
  await failed('u3');
  forgetSession();
  signIn({ ...ada, id: 2 });
  pickUpUnsent('u3', undefined);
  expect(getLiveTurn('u3')).toBeUndefined();
  void sendTurn({ sessionId: 'u4', message: 'Mine.', isNewSession: true });
  await failed('u4');
  forgetSession(true);
  expect(Object.keys(localStorage)).toEqual([]);
});

test('what reached the portal all the same is not shown as unsent', async () => {
  loseAnswers();
  void sendTurn({ sessionId: 'u5', message: 'Once.', isNewSession: true });
  await failed('u5');
  globalThis.fetch = realFetch;
  const detail = { ...(await requestData<SessionDetail>('/api/sessions/u5')), active_turn: null };
  pickUpUnsent('u5', detail);
  expect(getLiveTurn('u5')).toBeUndefined();
  expect(Object.keys(localStorage)).toEqual([]);
});

test('sending again what reached the portal asks once, and stands where the portal has it', async () => {
  loseAnswers();
  void sendTurn({ sessionId: 'u6', message: 'Once.', isNewSession: true });
  await failed('u6');
  globalThis.fetch = realFetch;
  const detail = await queryClient.fetchQuery(sessionQuery('u6'));
  const paths: (string | null)[][] = [];
  const stop = useLiveTurns.subscribe(({ bySession: { u6: live } }) => {
    if (live?.turnId) paths.push(mergeConversation(detail, live).path.map(({ parent_id }) => parent_id));
  });
  const request = getLiveTurn('u6')?.request;
  if (request) void sendTurn(request);
  await settled('u6');
  stop();
  expect(paths[0]).toEqual([null, detail.messages[0]?.id]);
  expect(new Set(asks().map((entry) => entry.headers['idempotency-key'])).size).toBe(1);
  expect((await requestData<SessionDetail>('/api/sessions/u6')).messages).toHaveLength(2);
});

test('nothing is kept of what was sent', async () => {
  void sendTurn({ sessionId: 'u7', message: 'Count.', isNewSession: true });
  expect(Object.keys(localStorage)).toHaveLength(1);
  await settled('u7');
  expect(Object.keys(localStorage)).toEqual([]);
});
