/** Holds a stream's events back so that the page is drawn 20 times a second, not once a token. */
import type { ServerEvent } from './sse';

export const flushMilliseconds = 50;

export interface EventBuffer {
  push(event: ServerEvent): void;
  flush(): void;
}

/** The first event after a pause passes at once; those right behind it wait for their company. */
export function createEventBuffer(
  apply: (events: ServerEvent[]) => void,
  intervalMs = flushMilliseconds,
): EventBuffer {
  let waiting: ServerEvent[] = [];
  let timer: ReturnType<typeof setTimeout> | null = null;
  let lastFlushAt = Number.NEGATIVE_INFINITY;

  const flush = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (waiting.length === 0) return;
    const events = waiting;
    waiting = [];
    lastFlushAt = performance.now();
    apply(events);
  };
  return {
    push(event) {
      waiting.push(event);
      const elapsed = performance.now() - lastFlushAt;
      if (elapsed >= intervalMs) flush();
      else timer ??= setTimeout(flush, intervalMs - elapsed);
    },
    flush,
  };
}

/** Wait before the next attempt: 0.3 s, doubling to 10 s, with jitter; less when the network comes back. */
export function backOff(attempt: number, signal: AbortSignal): Promise<void> {
  const ceiling = Math.min(10_000, 300 * 2 ** attempt);
  const delay = ceiling / 2 + Math.random() * (ceiling / 2);
  return new Promise((resolve, reject) => {
    const end = (finish: () => void) => {
      clearTimeout(timer);
      window.removeEventListener('online', onOnline);
      signal.removeEventListener('abort', onAbort);
      finish();
    };
    const onOnline = () => end(resolve);
    const onAbort = () => end(() => reject(new DOMException('left', 'AbortError')));
    const timer = setTimeout(() => end(resolve), delay);
    window.addEventListener('online', onOnline);
    signal.addEventListener('abort', onAbort);
  });
}
