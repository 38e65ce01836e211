import { afterEach, expect, test, vi } from 'vitest';
import { readServerEvents, type ServerEvent, StreamStalledError } from './sse';

/** A response whose body arrives in exactly these pieces. */
function responseOf(pieces: (string | Uint8Array)[], isOpen = false): Response {
  const encoder = new TextEncoder();
  return new Response(
    new ReadableStream({
      start(controller) {
        for (const piece of pieces)
          controller.enqueue(typeof piece === 'string' ? encoder.encode(piece) : piece);
        if (!isOpen) controller.close();
      },
    }),
  );
}

async function read(response: Response) {
  const events: ServerEvent[] = [];
  await readServerEvents(response, (event) => events.push(event));
  return events;
}

afterEach(() => vi.useRealTimers());

test('an event cut anywhere, even inside a character, comes out whole', async () => {
  const text = 'id: 1\ndata: {"content":"Grüße, 世界"}\n\nid: 2\ndata: {"done":true}\n\n';
  const bytes = new TextEncoder().encode(text);
  for (let cut = 1; cut < bytes.length; cut++) {
    const events = await read(responseOf([bytes.slice(0, cut), bytes.slice(cut)]));
    expect(events).toEqual([
      { id: 1, data: '{"content":"Grüße, 世界"}' },
      { id: 2, data: '{"done":true}' },
    ]);
  }
});

test('byte by byte, with CRLF and keep-alive comments', async () => {
  const bytes = new TextEncoder().encode(
    ': keep-alive\r\n\r\nid: 7\r\ndata: {"content":"x"}\r\n\r\n: keep-alive\r\n\r\n',
  );
  expect(await read(responseOf([...bytes].map((byte) => Uint8Array.of(byte))))).toEqual([
    { id: 7, data: '{"content":"x"}' },
  ]);
});

test('an event without its closing line is not an event: the rest comes after the reconnect', async () => {
  expect(await read(responseOf(['id: 1\ndata: {"content":"a"}\n\nid: 2\ndata: {"con']))).toHaveLength(1);
});

test('a silent stream is given up, so that it can be taken up again', async () => {
  vi.useFakeTimers();
  const reading = readServerEvents(responseOf(['id: 1\ndata: {}\n\n'], true), () => undefined, {
    stallSeconds: 45,
  });
  const outcome = expect(reading).rejects.toBeInstanceOf(StreamStalledError);
  await vi.advanceTimersByTimeAsync(46_000);
  await outcome;
});
