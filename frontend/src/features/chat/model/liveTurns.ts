/** The turns that run right now, one at most per conversation shown; they outlive the components that show them. */
import { create } from 'zustand';
import type { AttachmentRef, Message, TemplateUse, Timings, TurnError, Usage } from '@/lib/contracts';

export interface TurnRequest {
  sessionId: string;
  message: string;
  attachments?: AttachmentRef[];
  /** Absent: append at the active leaf. `null`: a new first message. */
  parentId?: string | null;
  /** A message to answer anew; then `message` is ignored by the server. */
  regenerateOf?: string;
  systemPrompt?: string;
  model?: string;
  /** Absent: the one that the conversation uses. `null`: none. */
  template?: TemplateUse | null;
  /** The conversation does not exist on the server before this turn. */
  isNewSession?: boolean;
  /** Set once it was sent: the portal may have it although nobody heard so. */
  idempotencyKey?: string;
}

export type TurnPhase = 'sending' | 'queued' | 'prefill' | 'thinking' | 'answering' | 'finished';
export type TurnOutcome = 'done' | 'cancelled' | 'failed';

export interface LiveTurn {
  sessionId: string;
  /** Null until the server has said it. */
  turnId: string | null;
  /** Null for a turn found running (after a reload, from another device). */
  request: TurnRequest | null;
  userMessage: Message | null;
  assistantMessage: Message;
  phase: TurnPhase;
  queuePlace: number | null;
  prefillProgress: number | null;
  isReconnecting: boolean;
  isStopping: boolean;
  lastEventId: number;
  content: string;
  reasoning: string;
  reasoningStartedAt: number | null;
  reasoningMs: number | null;
  outcome: TurnOutcome | null;
  finishReason: string | null;
  model: string | null;
  usage: Usage | null;
  timings: Timings | null;
  error: TurnError | null;
}

interface LiveTurnsState {
  bySession: Record<string, LiveTurn>;
}

export const useLiveTurns = create<LiveTurnsState>(() => ({ bySession: {} }));

export function getLiveTurn(sessionId: string): LiveTurn | undefined {
  return useLiveTurns.getState().bySession[sessionId];
}

export function putLiveTurn(turn: LiveTurn): void {
  useLiveTurns.setState((state) => ({ bySession: { ...state.bySession, [turn.sessionId]: turn } }));
}

export function patchLiveTurn(sessionId: string, patch: Partial<LiveTurn>): void {
  useLiveTurns.setState((state) => {
    const turn = state.bySession[sessionId];
    if (!turn) return state;
    return { bySession: { ...state.bySession, [sessionId]: { ...turn, ...patch } } };
  });
}

export function dropLiveTurn(sessionId: string): void {
  useLiveTurns.setState((state) => {
    const { [sessionId]: _dropped, ...rest } = state.bySession;
    return { bySession: rest };
  });
}

export function isRunning(turn: LiveTurn | undefined): boolean {
  return turn !== undefined && turn.outcome === null;
}

export function newLiveTurn(
  sessionId: string,
  messages: Pick<LiveTurn, 'userMessage' | 'assistantMessage'>,
): LiveTurn {
  return {
    sessionId,
    ...messages,
    turnId: null,
    request: null,
    phase: 'sending',
    queuePlace: null,
    prefillProgress: null,
    isReconnecting: false,
    isStopping: false,
    lastEventId: 0,
    content: '',
    reasoning: '',
    reasoningStartedAt: null,
    reasoningMs: null,
    outcome: null,
    finishReason: null,
    model: null,
    usage: null,
    timings: null,
    error: null,
  };
}
