// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { useAuthSession } from '@/lib/authSession';
import type { SessionDetail } from '@/lib/contracts';
import { requestData } from '@/lib/http';
import { queryClient } from '@/lib/queryClient';
import { startMockServer } from '../../../../testing/mock-server.mjs';
import { sessionQuery } from '../api/sessions';
import { dropLiveTurn, getLiveTurn, useLiveTurns } from './liveTurns';
import { leaveAllTurns, pickUpTurn, sendTurn, stopTurn } from './turnRunner';

type Mock = Awaited<ReturnType<typeof startMockServer>>;
let mock: Mock;
const answer = 'One two three four five six seven eight nine ten.';

// Node's own fetch streams as a browser's does; of the window only its "online" event is needed here.
vi.stubGlobal('window', new EventTarget());

beforeEach(async () => {
  mock = await startMockServer({ tokenMs: 5 });
  mock.state.answer = answer;
  vi.stubEnv('VITE_API_BASE', mock.url);
  useAuthSession.setState({ status: 'signed-in', accessToken: 'jwt' });
});
afterEach(async () => {
  leaveAllTurns();
  useLiveTurns.setState({ bySession: {} });
  queryClient.clear();
  await mock.close();
  vi.unstubAllEnvs();
});

const stored = (sessionId: string) => queryClient.getQueryData(sessionQuery(sessionId).queryKey);
const asks = () => mock.state.requests.filter((entry) => entry.path.endsWith('/session/stream'));
const follows = () => mock.state.requests.filter((entry) => entry.path.endsWith('/events'));
/** The turn has ended and the server's own copy has taken its place. */
const settled = (sessionId: string) =>
  vi.waitFor(() => expect(getLiveTurn(sessionId)).toBeUndefined(), { timeout: 8000, interval: 10 });

test('a message is answered, and the stored conversation takes the live turn’s place', async () => {
  sendTurn({ sessionId: 'new1', message: 'Count.', isNewSession: true });
  expect(getLiveTurn('new1')?.phase).toBe('sending');
  await settled('new1');
  expect(stored('new1')?.messages.map((message) => message.content)).toEqual(['Count.', answer]);
});

test('a line cut in the middle is taken up after the last event, nothing twice, nothing lost', async () => {
  mock.state.dropAfter = 7;
  let longest = '';
  const stop = useLiveTurns.subscribe((state) => {
    longest = state.bySession.new2?.content ?? longest;
  });
  sendTurn({ sessionId: 'new2', message: 'Count.', isNewSession: true });
  await settled('new2');
  stop();
  expect(longest).toBe(answer);
  expect(asks()).toHaveLength(1);
  expect(follows()).toHaveLength(1);
  // The seventh event may have been lost with the line; what counts is that the rest follows what was seen.
  expect(Number(follows()[0]?.headers['last-event-id'])).toBeGreaterThanOrEqual(5);
});

test('a line cut before the first event is asked again with the same key: one turn, not two', async () => {
  const inner = globalThis.fetch;
  let isFirst = true;
  globalThis.fetch = async (url, init) => {
    const response = await inner(url, init);
    if (!isFirst || !String(url).endsWith('/session/stream')) return response;
    isFirst = false;
    await response.body?.cancel();
    throw new TypeError('Failed to fetch');
  };
  sendTurn({ sessionId: 'new3', message: 'Count.', isNewSession: true });
  await settled('new3');
  globalThis.fetch = inner;
  expect(asks()).toHaveLength(2);
  expect(new Set(asks().map((entry) => entry.headers['idempotency-key'])).size).toBe(1);
  expect(stored('new3')?.messages).toHaveLength(2);
});

test('a turn found running after a reload is shown from its beginning', async () => {
  mock.state.tokenMs = 20;
  sendTurn({ sessionId: 'new4', message: 'Count.', isNewSession: true });
  await vi.waitFor(() => expect(getLiveTurn('new4')?.content.length).toBeGreaterThan(8));
  // A reload: everything in memory is gone.
  leaveAllTurns();
  dropLiveTurn('new4');
  queryClient.clear();
  const detail = await requestData<SessionDetail>('/api/sessions/new4');
  expect(detail.active_turn).not.toBeNull();
  pickUpTurn(detail);
  pickUpTurn(detail);
  expect(follows().length).toBeLessThanOrEqual(1);
  await settled('new4');
  expect(stored('new4')?.messages.at(-1)?.content).toBe(answer);
  expect(follows()).toHaveLength(1);
});

test('Stop is a call to the server; what was said so far stays', async () => {
  mock.state.tokenMs = 20;
  sendTurn({ sessionId: 'new5', message: 'Count.', isNewSession: true });
  await vi.waitFor(() => expect(getLiveTurn('new5')?.content).toMatch(/^One two/));
  await stopTurn('new5');
  await settled('new5');
  expect(mock.state.requests.some((entry) => entry.path.endsWith('/cancel'))).toBe(true);
  const last = stored('new5')?.messages.at(-1);
  expect(last?.status).toBe('stopped');
  expect(last?.content).toMatch(/^One two/);
  expect(last?.content.length).toBeLessThan(answer.length);
});

test('Stop before the turn has a name stops it as soon as it has one', async () => {
  mock.state.tokenMs = 20;
  sendTurn({ sessionId: 'new6', message: 'Count.', isNewSession: true });
  await stopTurn('new6');
  await settled('new6');
  expect(stored('new6')?.messages.at(-1)?.status).toBe('stopped');
});

test('a refusal keeps the text and the reason; retrying asks with a new key', async () => {
  mock.state.failNextTurn = [429, 'queue_full'];
  sendTurn({ sessionId: 'new7', message: 'Count.', isNewSession: true });
  await vi.waitFor(() => expect(getLiveTurn('new7')?.outcome).toBe('failed'));
  const failed = getLiveTurn('new7');
  expect(failed?.error?.code).toBe('queue_full');
  expect(failed?.userMessage?.content).toBe('Count.');
  if (failed?.request) sendTurn(failed.request);
  await settled('new7');
  expect(stored('new7')?.messages).toHaveLength(2);
  expect(new Set(asks().map((entry) => entry.headers['idempotency-key'])).size).toBe(2);
});

test('regenerating adds a sibling and keeps the first answer', async () => {
  sendTurn({ sessionId: 'new8', message: 'Count.', isNewSession: true });
  await settled('new8');
  mock.state.answer = 'Another answer.';
  sendTurn({ sessionId: 'new8', message: '', regenerateOf: stored('new8')?.messages.at(-1)?.id });
  await settled('new8');
  const messages = stored('new8')?.messages ?? [];
  expect(messages.map((message) => message.content)).toEqual(['Count.', answer, 'Another answer.']);
  expect(messages[1]?.parent_id).toBe(messages[2]?.parent_id);
});

test('a conversation that is deleted elsewhere during an answer is not held on to', async () => {
  mock.state.tokenMs = 20;
  sendTurn({ sessionId: 'new9', message: 'Count.', isNewSession: true });
  await vi.waitFor(() => expect(getLiveTurn('new9')?.content).toMatch(/^One/));
  await requestData('/api/sessions/new9', { method: 'DELETE' });
  await settled('new9');
  expect(queryClient.getQueryState(sessionQuery('new9').queryKey)?.error).toMatchObject({ status: 404 });
});
