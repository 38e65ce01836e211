/**
 * Runs turns: opens the stream, reads it, reconnects with the last event's number, tidies up at the end.
 * It belongs to no component, so a conversation that is left goes on and is found as it is by now.
 */

import { onSignedOut } from '@/lib/authSession';
import type { SessionDetail, TurnError } from '@/lib/contracts';
import { ApiError, isAbort } from '@/lib/errors';
import { backOff, createEventBuffer } from '@/lib/eventBuffer';
import { randomId } from '@/lib/ids';
import { queryClient } from '@/lib/queryClient';
import { readServerEvents } from '@/lib/sse';
import { sessionQuery } from '../api/sessions';
import { cancelTurn, followTurn, startTurn } from '../api/turns';
import { isSettledBy } from './conversation';
import {
  dropLiveTurn,
  getLiveTurn,
  isRunning,
  patchLiveTurn,
  putLiveTurn,
  type TurnRequest,
  useLiveTurns,
} from './liveTurns';
import { foundTurn, optimisticTurn } from './optimistic';
import { refreshLists } from './sessionLists';
import { markTemplateSent, templateOf } from './templateUse';
import { applyServerEvent } from './turnEvents';
import { forgetUnsent, keepUnsent } from './unsent';

type OpenStream = (signal: AbortSignal) => Promise<Response>;

/** Attempts to reach the portal before the first byte; after it, a turn is never given up. */
const startAttempts = 3;
const running = new Map<string, AbortController>();

/** Ask; the promise is kept when the turn is over, however it ended. */
export async function sendTurn(wish: TurnRequest): Promise<void> {
  const { sessionId } = wish;
  if (isRunning(getLiveTurn(sessionId))) return;
  const detail = queryClient.getQueryData(sessionQuery(sessionId).queryKey);
  const { idempotencyKey = randomId() } = wish;
  const request = { ...wish, idempotencyKey };
  const template = request.template === undefined ? templateOf(sessionId) : request.template;
  if (template && request.template === undefined) markTemplateSent(sessionId, detail?.system_prompt ?? null);
  const turn = optimisticTurn(request, detail);
  putLiveTurn(turn);
  keepUnsent(request, turn.userMessage?.parent_id ?? null);
  await run(sessionId, (signal) => startTurn(request, template, idempotencyKey, signal));
}

/** Pick up a turn that runs on the server and that this page does not follow yet. */
export function pickUpTurn(detail: SessionDetail): void {
  const turn = detail.active_turn;
  const live = getLiveTurn(detail.id);
  if (!turn || isRunning(live) || live?.turnId === turn.id) return;
  putLiveTurn(foundTurn(turn, detail));
  void run(detail.id, (signal) => followTurn(turn.id, 0, signal));
}

/** Stop on the server; what was said so far stays. Before the turn has a name it stops as soon as it has one. */
export async function stopTurn(sessionId: string): Promise<void> {
  const live = getLiveTurn(sessionId);
  if (!live || !isRunning(live)) return;
  patchLiveTurn(sessionId, { isStopping: true });
  if (live.turnId === null) return;
  try {
    await cancelTurn(live.turnId);
  } catch {
    patchLiveTurn(sessionId, { isStopping: false });
  }
}

/** Let go of every stream; the turns themselves go on. For signing out. */
export function leaveAllTurns(): void {
  for (const controller of running.values()) controller.abort();
  running.clear();
  useLiveTurns.setState({ bySession: {} });
}

onSignedOut(leaveAllTurns);

async function run(sessionId: string, openFirst: OpenStream): Promise<void> {
  const controller = new AbortController();
  running.get(sessionId)?.abort();
  running.set(sessionId, controller);
  try {
    await readToTheEnd(sessionId, openFirst, controller.signal);
    await settle(sessionId);
  } catch (error) {
    if (!isAbort(error)) failTurn(sessionId, error);
  } finally {
    if (running.get(sessionId) === controller) running.delete(sessionId);
  }
}

async function readToTheEnd(sessionId: string, openFirst: OpenStream, signal: AbortSignal): Promise<void> {
  const buffer = createEventBuffer((events) => applyEvents(sessionId, events));
  for (let attempt = 0; isRunning(getLiveTurn(sessionId)); attempt++) {
    const turnId = getLiveTurn(sessionId)?.turnId ?? null;
    const open: OpenStream = turnId
      ? (inner) => followTurn(turnId, getLiveTurn(sessionId)?.lastEventId ?? 0, inner)
      : openFirst;
    try {
      const response = await open(signal);
      await readServerEvents(response, (event) => {
        attempt = 0;
        buffer.push(event);
      });
      buffer.flush();
    } catch (error) {
      buffer.flush();
      if (isAbort(error) || isFinal(error, sessionId, attempt)) throw error;
    }
    if (!isRunning(getLiveTurn(sessionId))) return;
    patchLiveTurn(sessionId, { isReconnecting: true });
    await backOff(attempt, signal);
  }
}

function applyEvents(sessionId: string, events: Parameters<typeof applyServerEvent>[1][]): void {
  const before = getLiveTurn(sessionId);
  if (!before) return;
  const now = Date.now();
  const after = events.reduce((turn, event) => applyServerEvent(turn, event, now), before);
  putLiveTurn({ ...after, isReconnecting: false });
  if (before.turnId === null && after.turnId !== null) {
    forgetUnsent(sessionId);
    if (after.isStopping) void stopTurn(sessionId);
    void refreshLists(queryClient);
  }
}

/** An answer of the portal itself is final, unless it is a proxy's while the turn is known to run. */
function isFinal(error: unknown, sessionId: string, attempt: number): boolean {
  const hasStarted = getLiveTurn(sessionId)?.turnId != null;
  if (error instanceof ApiError) return !hasStarted || error.status < 500;
  return !hasStarted && attempt >= startAttempts - 1;
}

function failTurn(sessionId: string, error: unknown): void {
  const live = getLiveTurn(sessionId);
  if (!live) return;
  if (live.turnId !== null && error instanceof ApiError && error.status === 404) {
    // Its events are gone, but the conversation has what it said.
    dropLiveTurn(sessionId);
    void queryClient.invalidateQueries({ queryKey: ['session', sessionId] });
    return;
  }
  const turnError: TurnError =
    error instanceof ApiError
      ? { code: error.code, message: error.message, request_id: error.requestId }
      : { code: 'offline', message: error instanceof Error ? error.message : String(error) };
  // What was refused is asked anew; what got lost on the way may have arrived, and is the same question again.
  const isRefused = error instanceof ApiError && error.status < 500;
  const request = live.request && isRefused ? { ...live.request, idempotencyKey: undefined } : live.request;
  const ended = { outcome: 'failed', phase: 'finished', isReconnecting: false } as const;
  patchLiveTurn(sessionId, { ...ended, request, error: turnError });
  if (request && live.turnId === null) keepUnsent(request, live.userMessage?.parent_id ?? null);
}

/** Replace the live turn by what the server stored, without a flicker in between. */
async function settle(sessionId: string): Promise<void> {
  const live = getLiveTurn(sessionId);
  if (!live || live.turnId === null) return;
  void refreshLists(queryClient);
  try {
    // A refetch that began before the end would come back with the old state.
    await queryClient.cancelQueries({ queryKey: ['session', sessionId] });
    const detail = await queryClient.fetchQuery({ ...sessionQuery(sessionId), staleTime: 0 });
    const current = getLiveTurn(sessionId);
    if (current && isSettledBy(detail, current)) dropLiveTurn(sessionId);
  } catch (error) {
    // Shown from the live turn until the next successful look, unless there is nothing left to look at.
    if (error instanceof ApiError && error.status === 404) dropLiveTurn(sessionId);
  }
}
