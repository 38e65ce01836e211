import type { Message, SessionDetail } from '@/lib/contracts';

export function makeMessage(id: string, parentId: string | null, patch: Partial<Message> = {}): Message {
  return {
    id,
    parent_id: parentId,
    role: 'user',
    content: `text of ${id}`,
    reasoning: null,
    status: 'complete',
    model: null,
    turn_id: null,
    usage: null,
    timings: null,
    finish_reason: null,
    error: null,
    attachments: [],
    created_at: '2026-01-01T00:00:00Z',
    ...patch,
  };
}

export function makeDetail(messages: Message[], patch: Partial<SessionDetail> = {}): SessionDetail {
  return {
    id: 's1',
    title: 'A conversation',
    title_source: 'auto',
    model: null,
    folder: null,
    pinned: false,
    archived: false,
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:00Z',
    active_turn_id: null,
    system_prompt: null,
    active_leaf_id: messages.at(-1)?.id ?? null,
    messages,
    active_turn: null,
    ...patch,
  };
}
