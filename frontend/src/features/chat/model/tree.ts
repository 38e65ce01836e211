/** A conversation is a tree of messages; the page shows one path through it. Pure functions only. */
import type { Message } from '@/lib/contracts';

export interface MessageTree {
  byId: Map<string, Message>;
  childrenOf: Map<string | null, Message[]>;
}

export interface BranchPosition {
  /** Counted from 1, as people do. */
  position: number;
  count: number;
  previousId: string | null;
  nextId: string | null;
}

/** Messages come oldest first; that order is kept among siblings. */
export function buildTree(messages: readonly Message[]): MessageTree {
  const byId = new Map(messages.map((message) => [message.id, message]));
  const childrenOf = new Map<string | null, Message[]>();
  for (const message of messages) {
    // A parent that is not there (yet) must not hide the message.
    const parentId = message.parent_id !== null && byId.has(message.parent_id) ? message.parent_id : null;
    const siblings = childrenOf.get(parentId);
    if (siblings) siblings.push(message);
    else childrenOf.set(parentId, [message]);
  }
  return { byId, childrenOf };
}

/** The newest leaf below a message (itself, when it has no children). */
export function newestLeafUnder(tree: MessageTree, messageId: string): string {
  let currentId = messageId;
  for (;;) {
    const newest = tree.childrenOf.get(currentId)?.at(-1);
    if (!newest) return currentId;
    currentId = newest.id;
  }
}

/** The path from the first message down to `leafId`; without one, to the newest leaf. */
export function activePath(tree: MessageTree, leafId: string | null): Message[] {
  const path: Message[] = [];
  let current = leafId === null ? undefined : tree.byId.get(leafId);
  if (!current) {
    const root = tree.childrenOf.get(null)?.at(-1);
    current = root && tree.byId.get(newestLeafUnder(tree, root.id));
  }
  while (current) {
    path.push(current);
    current = current.parent_id === null ? undefined : tree.byId.get(current.parent_id);
  }
  return path.reverse();
}

/** Where a message stands among its siblings; null when it is alone. */
export function branchPosition(tree: MessageTree, message: Message): BranchPosition | null {
  const parentId = message.parent_id !== null && tree.byId.has(message.parent_id) ? message.parent_id : null;
  const siblings = tree.childrenOf.get(parentId) ?? [];
  if (siblings.length < 2) return null;
  const index = siblings.findIndex((sibling) => sibling.id === message.id);
  return {
    position: index + 1,
    count: siblings.length,
    previousId: siblings[index - 1]?.id ?? null,
    nextId: siblings[index + 1]?.id ?? null,
  };
}
