import { expect, test } from 'vitest';
import { type Frame, latencyOf, newRequest, percentile, takeFrame } from './requests';

const frame = (seq: number, part: Partial<Frame>): Frame => ({ id: 'q', seq, type: 'delta', ...part });
const after = (frames: Frame[]) =>
  frames.reduce(
    (request, one, index) => takeFrame(request, one, 100 + 10 * index),
    newRequest('q', 'hi', 90),
  );

test('deltas gather, and the last frame has the whole text', () => {
  const request = after([
    frame(1, { type: 'queued', place: 2 }),
    frame(2, { text: 'You ' }),
    frame(4, { text: 'hi' }),
    frame(5, {
      type: 'final',
      text: 'You said: hi',
      model: 'm',
      finish_reason: 'stop',
      usage: { completion_tokens: 4 },
    }),
  ]);
  expect(request.text).toBe('You said: hi');
  expect(request.missing).toBe(1);
  expect(request.frames.map((seen) => seen.missing)).toEqual([0, 0, 1, 0]);
  expect([request.firstMs, request.totalMs, request.outcome]).toEqual([20, 40, 'final']);
  expect(request.note).toBe('m · 4 tokens · stop');
});

test('what comes twice, late or for another request changes nothing', () => {
  const request = after([
    frame(1, { text: 'a' }),
    frame(2, { type: 'final', text: 'a', finish_reason: 'cancelled' }),
  ]);
  expect(request.outcome).toBe('cancelled');
  expect(takeFrame(request, frame(3, { text: 'late' }), 500)).toBe(request);
  const running = after([frame(1, { text: 'a' })]);
  expect(takeFrame(running, frame(1, { text: 'a' }), 500)).toBe(running);
  expect(takeFrame(running, { ...frame(2, { text: 'b' }), id: 'other' }, 500)).toBe(running);
});

test('an error ends it with its code', () => {
  const request = after([frame(1, { type: 'error', error: { code: 'rate_limited', message: 'Slower.' } })]);
  expect([request.outcome, request.note, request.frames[0]?.text]).toEqual([
    'error',
    'rate_limited',
    'Slower.',
  ]);
});

test('percentiles by nearest rank, over what was answered', () => {
  expect(percentile([], 0.5)).toBeNull();
  expect(percentile([30, 10, 20], 0.5)).toBe(20);
  expect(percentile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.95)).toBe(10);
  const done = after([frame(1, { type: 'final', text: 'x' })]);
  expect(latencyOf([done, newRequest('r', 'running', 0)])).toEqual({
    count: 1,
    first: [10, 10],
    total: [10, 10],
  });
});
