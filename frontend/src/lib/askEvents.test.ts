import { expect, test } from 'vitest';
import { applyAskEvent, idleAsk } from './askEvents';

const after = (...bodies: object[]) =>
  bodies.reduce<typeof idleAsk>(
    (state, body, index) => applyAskEvent(state, { id: index + 1, data: JSON.stringify(body) }),
    { ...idleAsk, phase: 'waiting' },
  );

test('queue place and prefill come before the text, which is put together in order', () => {
  const waiting = after({ queued: 2 }, { queued: 0 }, { progress: 0.4 });
  expect(waiting).toMatchObject({ phase: 'waiting', queuePlace: 0, prefillProgress: 0.4, outcome: null });
  const answering = after({ reasoning: 'Hm' }, { reasoning: '.' }, { content: 'Os' }, { content: 'lo' });
  expect(answering).toMatchObject({ phase: 'answering', reasoning: 'Hm.', content: 'Oslo' });
});

test('the end brings the figures; an error keeps what was said', () => {
  const timings = { ttft_ms: 12 };
  expect(after({ content: 'a' }, { done: true, model: 'm', timings })).toMatchObject({
    outcome: 'done',
    content: 'a',
    model: 'm',
    timings,
  });
  const failed = after({ content: 'a' }, { error: { code: 'upstream_error', message: 'gone' } });
  expect(failed).toMatchObject({ outcome: 'failed', content: 'a', error: { code: 'upstream_error' } });
});
