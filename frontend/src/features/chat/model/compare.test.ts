// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { useAuthSession } from '@/lib/authSession';
import { queryClient } from '@/lib/queryClient';
import { startMockServer } from '../../../../testing/mock-server.mjs';
import { sessionQuery } from '../api/sessions';
import {
  type Comparison,
  clearComparison,
  isSameSide,
  keepSide,
  sideRequest,
  startComparison,
  useComparison,
} from './compare';
import { useLiveTurns } from './liveTurns';
import { chooseTemplate, templateOf } from './templateUse';
import { leaveAllTurns } from './turnRunner';

const guide = { id: 3, title: 'Guide', version: 2, variables: { player: 'Ada' } };
const base: Comparison = {
  sessionId: 's1',
  isNewSession: false,
  question: 'Which way?',
  sides: [
    { model: 'a', template: null },
    { model: 'b', template: guide },
  ],
  instructions: 'Be brief.',
  userMessageId: null,
  answerIds: [null, null],
};
type Mock = Awaited<ReturnType<typeof startMockServer>>;
let mock: Mock;

vi.stubGlobal('window', new EventTarget());
beforeEach(async () => {
  mock = await startMockServer({ tokenMs: 2 });
  mock.state.answer = 'One two three.';
  vi.stubEnv('VITE_API_BASE', mock.url);
  useAuthSession.setState({ status: 'signed-in', accessToken: 'jwt' });
});
afterEach(async () => {
  leaveAllTurns();
  clearComparison();
  useLiveTurns.setState({ bySession: {} });
  queryClient.clear();
  await mock.close();
  vi.unstubAllEnvs();
});

const asked = () =>
  mock.state.requests.filter((entry) => entry.path.endsWith('/session/stream')).map((entry) => entry.body);

test('the first side asks the question, the second answers the same message anew', () => {
  expect(sideRequest(base, 0)).toMatchObject({ message: 'Which way?', model: 'a', template: null });
  expect(sideRequest({ ...base, userMessageId: 'u1' }, 1)).toMatchObject({
    regenerateOf: 'u1',
    model: 'b',
    template: guide,
  });
});

test('a side without a template goes by the conversation’s own instructions, not by the other side’s template', () => {
  expect(sideRequest(base, 0).systemPrompt).toBe('Be brief.');
  expect(sideRequest({ ...base, instructions: null }, 0).systemPrompt).toBe('');
  expect(sideRequest(base, 1).systemPrompt).toBeUndefined();
  const plain: Comparison = { ...base, sides: [{ template: null }, { model: 'b', template: null }] };
  expect(sideRequest(plain, 0).systemPrompt).toBeUndefined();
});

test('sides are the same only with the same model, template and values', () => {
  expect(isSameSide({ template: guide }, { template: { ...guide } })).toBe(true);
  expect(isSameSide({ template: guide }, { template: { ...guide, version: 3 } })).toBe(false);
  expect(isSameSide({ model: 'a', template: null }, { model: 'b', template: null })).toBe(false);
});

test('both are asked in one conversation, one after the other, and stand beside each other in its tree', async () => {
  await startComparison(null, 'Which way?', base.sides);
  const { current } = useComparison.getState();
  expect(asked()).toMatchObject([
    { message: 'Which way?', model: 'a' },
    { regenerate_of: current?.userMessageId, model: 'b', template_id: 3, template_version: 2 },
  ]);
  const detail = queryClient.getQueryData(sessionQuery(current?.sessionId ?? '').queryKey);
  const answers = detail?.messages.filter((message) => message.role === 'assistant');
  expect(answers?.map((message) => message.id)).toEqual(current?.answerIds);
  expect(new Set(answers?.map((message) => message.parent_id))).toEqual(new Set([current?.userMessageId]));
});

test('a question that the portal refuses is not asked a second time', async () => {
  mock.state.failNextTurn = [429, 'queue_full'];
  await startComparison(null, 'Which way?', base.sides);
  expect(asked()).toHaveLength(1);
  expect(useComparison.getState()).toMatchObject({ running: null, current: { userMessageId: null } });
});

test('going on with the first shows its branch and takes the other’s instructions back', async () => {
  await startComparison(null, 'Which way?', base.sides);
  const { current } = useComparison.getState();
  if (!current) throw new Error('there is a comparison');
  chooseTemplate(current.sessionId, guide);
  await keepSide(current, 0);
  expect(mock.state.requests.find((entry) => entry.path.endsWith('/leaf'))?.body).toEqual({
    message_id: current.answerIds[0],
  });
  expect(mock.state.requests.find((entry) => entry.method === 'PATCH')?.body).toEqual({
    system_prompt: null,
  });
  expect(templateOf(current.sessionId)).toBeNull();
  expect(useComparison.getState().current).toBeNull();
});

test('going on with the second keeps its template for what follows', async () => {
  await startComparison(null, 'Which way?', base.sides);
  const { current } = useComparison.getState();
  if (!current) throw new Error('there is a comparison');
  await keepSide(current, 1);
  expect(templateOf(current.sessionId)).toEqual(guide);
  expect(mock.state.requests.some((entry) => entry.method === 'PATCH')).toBe(false);
});
