/** What the server has of a conversation, with the turn that runs laid over it: what the page shows. */
import type { Message, MessageStatus, SessionDetail } from '@/lib/contracts';
import type { LiveTurn } from './liveTurns';
import { activePath, buildTree, type MessageTree } from './tree';

export interface Conversation {
  tree: MessageTree;
  path: Message[];
}

/** The streaming assistant message stays an empty shell here; its text is read from the live turn by what draws it. */
export function mergeConversation(
  detail: SessionDetail | undefined,
  live: LiveTurn | undefined,
): Conversation {
  const messages = [...(detail?.messages ?? [])];
  if (live) {
    if (live.userMessage) putMessage(messages, live.userMessage);
    putMessage(messages, liveAssistantMessage(live));
  }
  const tree = buildTree(messages);
  const leafId = live ? live.assistantMessage.id : (detail?.active_leaf_id ?? null);
  return { tree, path: activePath(tree, leafId) };
}

function putMessage(messages: Message[], message: Message): void {
  const index = messages.findIndex((candidate) => candidate.id === message.id);
  if (index === -1) messages.push(message);
  else {
    // Where and when it was said the portal knows better than the page that guessed it.
    const { parent_id, created_at } = messages[index] ?? message;
    messages[index] = { ...messages[index], ...message, parent_id, created_at };
  }
}

const statusOf = { done: 'complete', cancelled: 'stopped', failed: 'failed' } satisfies Record<
  string,
  MessageStatus
>;

function liveAssistantMessage(live: LiveTurn): Message {
  if (live.outcome === null) return live.assistantMessage;
  return finishedAssistantMessage(live, statusOf[live.outcome]);
}

function finishedAssistantMessage(live: LiveTurn, status: MessageStatus): Message {
  return {
    ...live.assistantMessage,
    status,
    content: live.content,
    reasoning: live.reasoning || null,
    model: live.model ?? live.assistantMessage.model,
    usage: live.usage,
    timings: live.timings,
    finish_reason: live.finishReason,
    error: live.error,
  };
}

/** Has the server's copy caught up, so that the live turn can be let go? */
export function isSettledBy(detail: SessionDetail | undefined, live: LiveTurn): boolean {
  if (live.outcome === null || live.turnId === null) return false;
  const stored = detail?.messages.find((message) => message.id === live.assistantMessage.id);
  return stored !== undefined && stored.status !== 'streaming';
}
