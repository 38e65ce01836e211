/** A request over MQTT as its frames come in: what was said, what was lost, how long it took. */
export interface Frame {
  id: string;
  seq: number;
  type: 'queued' | 'delta' | 'final' | 'error';
  text?: string;
  reasoning?: string;
  place?: number;
  model?: string;
  finish_reason?: string;
  usage?: { completion_tokens: number };
  error?: { code: string; message: string };
}

export interface SeenFrame {
  seq: number;
  type: Frame['type'];
  /** Milliseconds since the request was sent. */
  at: number;
  text: string;
  /** How many frames before this one never came. */
  missing: number;
}

export interface AskedRequest {
  id: string;
  message: string;
  sentAt: number;
  frames: SeenFrame[];
  lastSeq: number;
  missing: number;
  text: string;
  firstMs: number | null;
  totalMs: number | null;
  outcome: 'running' | 'final' | 'cancelled' | 'error' | 'lost';
  note: string;
}

export function newRequest(id: string, message: string, now: number): AskedRequest {
  return {
    id,
    message,
    sentAt: now,
    frames: [],
    lastSeq: 0,
    missing: 0,
    text: '',
    firstMs: null,
    totalMs: null,
    outcome: 'running',
    note: '',
  };
}

/** Take a frame in. One that came before changes nothing: what is delivered at least once comes twice now and then. */
export function takeFrame(request: AskedRequest, frame: Frame, now: number): AskedRequest {
  if (frame.id !== request.id || frame.seq <= request.lastSeq || request.outcome !== 'running')
    return request;
  const at = now - request.sentAt;
  const missing = frame.seq - request.lastSeq - 1;
  const said = frame.error?.message ?? frame.text ?? frame.reasoning ?? '';
  const seen = {
    seq: frame.seq,
    type: frame.type,
    at,
    missing,
    text: frame.place ? `#${frame.place}` : said,
  };
  const isLast = frame.type === 'final' || frame.type === 'error';
  return {
    ...request,
    frames: [...request.frames, seen],
    lastSeq: frame.seq,
    missing: request.missing + missing,
    // The last one has the whole text: whoever missed a delta misses nothing.
    text: frame.type === 'final' ? (frame.text ?? '') : request.text + (frame.text ?? ''),
    firstMs: request.firstMs ?? (frame.type === 'queued' ? null : at),
    totalMs: isLast ? at : null,
    outcome: outcomeOf(frame),
    note: isLast ? noteOf(frame) : '',
  };
}

function outcomeOf(frame: Frame): AskedRequest['outcome'] {
  if (frame.type === 'error') return 'error';
  if (frame.type !== 'final') return 'running';
  return frame.finish_reason === 'cancelled' ? 'cancelled' : 'final';
}

function noteOf(frame: Frame): string {
  if (frame.error) return frame.error.code;
  const tokens = frame.usage ? `${frame.usage.completion_tokens} tokens` : '';
  return [frame.model, tokens, frame.finish_reason].filter(Boolean).join(' · ');
}

/** The nearest-rank percentile; null of nothing. */
export function percentile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

export interface Latency {
  count: number;
  first: [number | null, number | null];
  total: [number | null, number | null];
}

/** p50 and p95 of the time to the first frame and to the last, of what was answered whole. */
export function latencyOf(requests: readonly AskedRequest[]): Latency {
  const answered = requests.filter((request) => request.outcome === 'final');
  const first = answered.flatMap((request) => request.firstMs ?? []);
  const total = answered.flatMap((request) => request.totalMs ?? []);
  return {
    count: answered.length,
    first: [percentile(first, 0.5), percentile(first, 0.95)],
    total: [percentile(total, 0.5), percentile(total, 0.95)],
  };
}
