/** What each event of a turn's stream does to the turn. Pure: the same events give the same turn. */
import type { Timings, TurnError, Usage } from '@/lib/contracts';
import type { ServerEvent } from '@/lib/sse';
import type { LiveTurn } from './liveTurns';

export interface TurnEvent {
  session_id?: string;
  turn_id?: string;
  user_message_id?: string;
  assistant_message_id?: string;
  queued?: number;
  progress?: number;
  content?: string;
  reasoning?: string;
  done?: boolean;
  usage?: Usage | null;
  model?: string | null;
  finish_reason?: string | null;
  timings?: Timings | null;
  error?: TurnError;
}

/** Apply one event. An event that was seen already (after a reconnect) changes nothing. */
export function applyServerEvent(turn: LiveTurn, event: ServerEvent, nowMs: number): LiveTurn {
  if (event.id !== null && event.id <= turn.lastEventId) return turn;
  const body = JSON.parse(event.data) as TurnEvent;
  const seen = { ...turn, lastEventId: event.id ?? turn.lastEventId };
  if (body.assistant_message_id && body.turn_id) return applyStart(seen, body);
  if (body.error)
    return { ...endReasoning(seen, nowMs), phase: 'finished', outcome: 'failed', error: body.error };
  if (body.done) return applyDone(seen, body, nowMs);
  if (body.queued !== undefined) {
    return { ...seen, phase: 'queued', queuePlace: body.queued };
  }
  if (body.progress !== undefined) return { ...seen, phase: 'prefill', prefillProgress: body.progress };
  return applyText(seen, body, nowMs);
}

function applyStart(turn: LiveTurn, body: TurnEvent): LiveTurn {
  const userId = body.user_message_id ?? turn.userMessage?.id ?? null;
  const userMessage = turn.userMessage && {
    ...turn.userMessage,
    id: userId ?? turn.userMessage.id,
    turn_id: body.turn_id ?? null,
  };
  const assistantMessage = {
    ...turn.assistantMessage,
    id: body.assistant_message_id ?? turn.assistantMessage.id,
    turn_id: body.turn_id ?? null,
    parent_id: userId ?? turn.assistantMessage.parent_id,
  };
  const phase = turn.phase === 'sending' ? 'queued' : turn.phase;
  return { ...turn, turnId: body.turn_id ?? null, userMessage, assistantMessage, phase };
}

function applyText(turn: LiveTurn, body: TurnEvent, nowMs: number): LiveTurn {
  if (body.reasoning) {
    return {
      ...turn,
      phase: 'thinking',
      reasoning: turn.reasoning + body.reasoning,
      reasoningStartedAt: turn.reasoningStartedAt ?? nowMs,
    };
  }
  if (body.content) {
    return { ...endReasoning(turn, nowMs), phase: 'answering', content: turn.content + body.content };
  }
  return turn;
}

function applyDone(turn: LiveTurn, body: TurnEvent, nowMs: number): LiveTurn {
  return {
    ...endReasoning(turn, nowMs),
    phase: 'finished',
    outcome: body.finish_reason === 'cancelled' ? 'cancelled' : 'done',
    finishReason: body.finish_reason ?? null,
    usage: body.usage ?? null,
    model: body.model ?? null,
    timings: body.timings ?? null,
  };
}

function endReasoning(turn: LiveTurn, nowMs: number): LiveTurn {
  if (turn.reasoningStartedAt === null || turn.reasoningMs !== null) return turn;
  return { ...turn, reasoningMs: nowMs - turn.reasoningStartedAt };
}
