import { expect, test } from 'vitest';
import { makeDetail, makeMessage } from '@/testing/messages';
import { mergeConversation } from './conversation';
import type { LiveTurn } from './liveTurns';
import { optimisticTurn } from './optimistic';
import { applyServerEvent } from './turnEvents';

const detail = makeDetail([makeMessage('q1', null), makeMessage('a1', 'q1', { role: 'assistant' })]);
const sent = () => optimisticTurn({ sessionId: 's1', message: 'And then?' }, detail);
const start = { session_id: 's1', turn_id: 't1', user_message_id: 'q2', assistant_message_id: 'a2' };
const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };

function feed(turn: LiveTurn, bodies: object[], firstId = 1, stepMs = 1000): LiveTurn {
  return bodies.reduce<LiveTurn>(
    (current, body, index) =>
      applyServerEvent(current, { id: firstId + index, data: JSON.stringify(body) }, index * stepMs),
    turn,
  );
}

test('the question shows at once below the active leaf, and takes the server’s ids when they come', () => {
  const before = mergeConversation(detail, sent());
  expect(before.path.map((message) => message.content)).toEqual([
    'text of q1',
    'text of a1',
    'And then?',
    '',
  ]);
  const after = mergeConversation(detail, feed(sent(), [start]));
  expect(after.path.map((message) => message.id)).toEqual(['q1', 'a1', 'q2', 'a2']);
});

test('events seen twice after a reconnect add nothing', () => {
  const events = [start, { content: 'One ' }, { content: 'two' }];
  const once = feed(sent(), events);
  const again = feed(feed(once, events), [{ content: ' three' }], 4);
  expect(again.content).toBe('One two three');
  expect(again.lastEventId).toBe(4);
});

test('queue place, prefill, thinking and answering follow one another; thinking is timed', () => {
  let turn = feed(sent(), [start, { queued: 2 }]);
  expect(turn).toMatchObject({ phase: 'queued', queuePlace: 2 });
  turn = feed(turn, [{ progress: 0.4 }], 3);
  expect(turn).toMatchObject({ phase: 'prefill', prefillProgress: 0.4 });
  turn = feed(turn, [{ reasoning: 'Hm.' }, { reasoning: ' So.' }, { content: 'Yes' }], 4);
  expect(turn).toMatchObject({ phase: 'answering', reasoning: 'Hm. So.', content: 'Yes', reasoningMs: 2000 });
});

test('a finished turn is shown as the server will store it', () => {
  const turn = feed(sent(), [
    start,
    { content: 'Yes.' },
    { done: true, usage, model: 'm', finish_reason: 'stop' },
  ]);
  expect(mergeConversation(detail, turn).path.at(-1)).toMatchObject({
    status: 'complete',
    content: 'Yes.',
    usage,
    model: 'm',
  });
});

test('a stopped turn keeps its text and is marked', () => {
  const turn = feed(sent(), [start, { content: 'Ye' }, { done: true, finish_reason: 'cancelled' }]);
  expect(mergeConversation(detail, turn).path.at(-1)).toMatchObject({ status: 'stopped', content: 'Ye' });
});

test('a failed turn keeps its text and its error apart', () => {
  const error = { code: 'upstream_error', message: 'Gone.' };
  const turn = feed(sent(), [start, { content: 'Ye' }, { error }]);
  expect(mergeConversation(detail, turn).path.at(-1)).toMatchObject({
    status: 'failed',
    content: 'Ye',
    error,
  });
});

test('regenerating makes a sibling of the answer, editing a sibling of the question', () => {
  const regenerated = feed(optimisticTurn({ sessionId: 's1', message: '', regenerateOf: 'a1' }, detail), [
    { ...start, user_message_id: 'q1', assistant_message_id: 'a1b' },
  ]);
  const regeneratedView = mergeConversation(detail, regenerated);
  expect(regeneratedView.path.map((message) => message.id)).toEqual(['q1', 'a1b']);
  expect(regeneratedView.tree.childrenOf.get('q1')).toHaveLength(2);
  const edited = mergeConversation(
    detail,
    optimisticTurn({ sessionId: 's1', message: 'New', parentId: null }, detail),
  );
  expect(edited.path.map((message) => message.content)).toEqual(['New', '']);
  expect(edited.tree.childrenOf.get(null)).toHaveLength(2);
});
