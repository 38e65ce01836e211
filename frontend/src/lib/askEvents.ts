/** An answer outside any conversation (try one), and what each event of its stream does to it. Pure. */
import type { Timings, TurnError, Usage } from './contracts';
import type { ServerEvent } from './sse';

export type AskPhase = 'idle' | 'waiting' | 'thinking' | 'answering' | 'finished';

export interface AskState {
  phase: AskPhase;
  /** How it ended; null before. */
  outcome: 'done' | 'stopped' | 'failed' | null;
  content: string;
  reasoning: string;
  queuePlace: number | null;
  prefillProgress: number | null;
  model: string | null;
  usage: Usage | null;
  timings: Timings | null;
  error: TurnError | null;
}

export const idleAsk: AskState = {
  phase: 'idle',
  outcome: null,
  content: '',
  reasoning: '',
  queuePlace: null,
  prefillProgress: null,
  model: null,
  usage: null,
  timings: null,
  error: null,
};

interface AskEvent {
  queued?: number;
  progress?: number;
  content?: string;
  reasoning?: string;
  done?: boolean;
  model?: string | null;
  usage?: Usage | null;
  timings?: Timings | null;
  error?: TurnError;
}

export function applyAskEvent(state: AskState, event: ServerEvent): AskState {
  const body = JSON.parse(event.data) as AskEvent;
  if (body.error) return { ...state, phase: 'finished', outcome: 'failed', error: body.error };
  if (body.done) {
    const { model = null, usage = null, timings = null } = body;
    return { ...state, phase: 'finished', outcome: 'done', model, usage, timings };
  }
  if (body.content) return { ...state, phase: 'answering', content: state.content + body.content };
  if (body.reasoning) return { ...state, phase: 'thinking', reasoning: state.reasoning + body.reasoning };
  if (body.queued !== undefined) return { ...state, queuePlace: body.queued };
  if (body.progress !== undefined) return { ...state, prefillProgress: body.progress };
  return state;
}
