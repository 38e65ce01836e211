/** The routes of a turn: start, read on, stop, explain. */
import type { Ledger, TemplateUse } from '@/lib/contracts';
import { openResponse, requestData } from '@/lib/http';
import type { TurnRequest } from '../model/liveTurns';

/** Ask; answers the open event stream. The same key never starts a second turn. */
export function startTurn(
  turn: TurnRequest,
  template: TemplateUse | null,
  idempotencyKey: string,
  signal: AbortSignal,
): Promise<Response> {
  return openResponse('/api/llm/chat/session/stream', {
    method: 'POST',
    signal,
    headers: { 'idempotency-key': idempotencyKey, accept: 'text/event-stream' },
    body: {
      session_id: turn.sessionId,
      ...(turn.regenerateOf ? { regenerate_of: turn.regenerateOf } : { message: turn.message }),
      ...(turn.attachments?.length ? { attachments: turn.attachments.map((file) => file.id) } : {}),
      ...(turn.parentId !== undefined ? { parent_id: turn.parentId } : {}),
      ...(turn.systemPrompt !== undefined ? { system_prompt: turn.systemPrompt } : {}),
      ...(template
        ? { template_id: template.id, template_version: template.version, variables: template.variables }
        : {}),
      ...(turn.model ? { model: turn.model } : {}),
    },
  });
}

/** The rest of a running (or finished) turn's events, after number `lastEventId`. */
export function followTurn(turnId: string, lastEventId: number, signal: AbortSignal): Promise<Response> {
  return openResponse(`/api/llm/turns/${encodeURIComponent(turnId)}/events`, {
    signal,
    headers: { 'last-event-id': String(lastEventId), accept: 'text/event-stream' },
  });
}

export function cancelTurn(turnId: string): Promise<{ ok: boolean; status: string }> {
  return requestData(`/api/llm/turns/${encodeURIComponent(turnId)}/cancel`, { method: 'POST' });
}

export function fetchLedger(turnId: string): Promise<Ledger> {
  return requestData(`/api/llm/turns/${encodeURIComponent(turnId)}/ledger`);
}
