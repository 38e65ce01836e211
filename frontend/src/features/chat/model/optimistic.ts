/** Messages shown before the server has named them. */
import type { Message, SessionDetail, Turn } from '@/lib/contracts';
import { randomId } from '@/lib/ids';
import { type LiveTurn, newLiveTurn, type TurnRequest } from './liveTurns';
import { activePath, buildTree } from './tree';

function localMessage(role: Message['role'], parentId: string | null, patch: Partial<Message> = {}): Message {
  return {
    id: `local-${randomId()}`,
    parent_id: parentId,
    role,
    content: '',
    reasoning: null,
    status: role === 'user' ? 'complete' : 'streaming',
    model: null,
    turn_id: null,
    usage: null,
    timings: null,
    finish_reason: null,
    error: null,
    attachments: [],
    created_at: new Date().toISOString(),
    ...patch,
  };
}

/** The turn as it looks in the moment of sending. */
export function optimisticTurn(request: TurnRequest, detail: SessionDetail | undefined): LiveTurn {
  const tree = buildTree(detail?.messages ?? []);
  if (request.regenerateOf) {
    const target = tree.byId.get(request.regenerateOf);
    const userId = target?.role === 'assistant' ? target.parent_id : (target?.id ?? null);
    const turn = newLiveTurn(request.sessionId, {
      userMessage: null,
      assistantMessage: localMessage('assistant', userId),
    });
    return { ...turn, request };
  }
  const leafId = activePath(tree, detail?.active_leaf_id ?? null).at(-1)?.id ?? null;
  const parentId = request.parentId === undefined ? leafId : request.parentId;
  const userMessage = localMessage('user', parentId, {
    content: request.message,
    attachments: request.attachments ?? [],
  });
  const assistantMessage = localMessage('assistant', userMessage.id);
  return { ...newLiveTurn(request.sessionId, { userMessage, assistantMessage }), request };
}

/** A turn that was found running: after a reload, or started on another device. */
export function foundTurn(turn: Turn, detail: SessionDetail): LiveTurn {
  const stored = detail.messages.find((message) => message.id === turn.assistant_message_id);
  const shell = localMessage('assistant', turn.user_message_id, {
    id: turn.assistant_message_id,
    turn_id: turn.id,
    created_at: turn.created_at,
  });
  const live = newLiveTurn(detail.id, {
    userMessage: null,
    // Its events are read from the first one on, so what was stored so far must not be shown twice.
    assistantMessage: { ...(stored ?? shell), content: '', reasoning: null, status: 'streaming' },
  });
  return { ...live, turnId: turn.id, phase: 'queued' };
}
