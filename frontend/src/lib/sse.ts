/** Server-sent events of one response, in order. Lines that arrive in pieces are put together first. */
import { createParser } from 'eventsource-parser';

export interface ServerEvent {
  id: number | null;
  data: string;
}

/** The stream went silent: not even the keep-alive comments came. */
export class StreamStalledError extends Error {
  constructor() {
    super('The stream went silent.');
    this.name = 'StreamStalledError';
  }
}

/**
 * Call `onEvent` for each event until the response ends.
 * Raises StreamStalledError when `stallSeconds` pass without a byte (the server sends a comment every 15 s).
 */
export async function readServerEvents(
  response: Response,
  onEvent: (event: ServerEvent) => void,
  { stallSeconds = 45 }: { stallSeconds?: number } = {},
): Promise<void> {
  if (!response.body) return;
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const parser = createParser({
    onEvent: (event) => onEvent({ id: event.id === undefined ? null : Number(event.id), data: event.data }),
  });
  try {
    for (;;) {
      const { done, value } = await withStallLimit(reader.read(), stallSeconds);
      if (done) break;
      parser.feed(decoder.decode(value, { stream: true }));
    }
    parser.feed(decoder.decode());
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function withStallLimit<T>(read: Promise<T>, seconds: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stalled = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StreamStalledError()), seconds * 1000);
  });
  try {
    return await Promise.race([read, stalled]);
  } finally {
    clearTimeout(timer);
  }
}
