import { cleanup } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { useAuthSession } from '@/lib/authSession';
import { queryClient } from '@/lib/queryClient';
import { makeDetail } from '@/testing/messages';
import { renderInApp } from '@/testing/render';
import { sessionQuery, sessionsQuery } from '../api/sessions';
import { dropLiveTurn, newLiveTurn, putLiveTurn } from '../model/liveTurns';
import { useChangeSync } from './useChangeSync';

let streams: ReadableStreamDefaultController<Uint8Array>[];
let signals: (AbortSignal | null | undefined)[];

function Probe() {
  useChangeSync();
  return null;
}

function tell(sessionIds: string[] | null, stream = streams.at(-1)): void {
  stream?.enqueue(
    new TextEncoder().encode(`id: 1\ndata: ${JSON.stringify({ session_ids: sessionIds })}\n\n`),
  );
}

const isStale = (key: readonly unknown[]) => queryClient.getQueryState(key)?.isInvalidated;
const conversation = (id: string) => sessionQuery(id).queryKey;

function show(state: DocumentVisibilityState): void {
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(state);
  document.dispatchEvent(new Event('visibilitychange'));
}

beforeEach(async () => {
  streams = [];
  signals = [];
  useAuthSession.setState({ status: 'signed-in', accessToken: 'jwt' });
  vi.stubGlobal('fetch', async (_url: string, init: RequestInit = {}) => {
    signals.push(init.signal);
    return new Response(new ReadableStream<Uint8Array>({ start: (stream) => void streams.push(stream) }));
  });
  queryClient.clear();
  for (const id of ['s1', 's2']) queryClient.setQueryData(conversation(id), makeDetail([]));
  queryClient.setQueryData(sessionsQuery.queryKey, { pages: [], pageParams: [] });
  await renderInApp(<Probe />);
  await vi.waitFor(() => expect(streams).toHaveLength(1));
  tell([]);
});

afterEach(() => {
  cleanup();
  dropLiveTurn('s1');
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test('what another device changed is looked up again, and nothing else', async () => {
  tell(['s2']);
  await vi.waitFor(() => expect(isStale(conversation('s2'))).toBe(true));
  expect([isStale(sessionsQuery.queryKey), isStale(conversation('s1'))]).toEqual([true, false]);
});

test('an answer that streams here is left alone', async () => {
  const [userMessage, assistantMessage] = [null, makeDetail([]).messages[0]];
  putLiveTurn(newLiveTurn('s1', { userMessage, assistantMessage: assistantMessage as never }));
  tell(null);
  await vi.waitFor(() => expect(isStale(conversation('s2'))).toBe(true));
  expect(isStale(conversation('s1'))).toBe(false);
});

test('a game that changes a conversation many times a second makes one look a second', async () => {
  const invalidate = vi.spyOn(queryClient, 'invalidateQueries');
  for (let count = 0; count < 20; count++) tell(['s2']);
  await vi.waitFor(() => expect(invalidate).toHaveBeenCalled());
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(invalidate.mock.calls.filter(([filter]) => filter?.queryKey?.[0] === 'session')).toHaveLength(1);
});

test('a hidden page keeps no connection; one that is seen again listens again and looks at all', async () => {
  show('hidden');
  expect(signals[0]?.aborted).toBe(true);
  show('visible');
  await vi.waitFor(() => expect(streams).toHaveLength(2));
  tell([]);
  await vi.waitFor(() => expect(isStale(conversation('s1'))).toBe(true));
  expect(signals[1]?.aborted).toBe(false);
});

test('after a stream that broke, everything is looked at once', async () => {
  streams[0]?.close();
  await vi.waitFor(() => expect(streams).toHaveLength(2), { timeout: 3000 });
  tell([]);
  await vi.waitFor(() => expect(isStale(conversation('s1'))).toBe(true));
});
