import { useEffect, useRef } from 'react';
import type { Conversation } from '../model/conversation';
import type { TurnActions } from './useTurnActions';

/** A message that was searched for may stand on another branch: then that branch is shown, once. */
export function useShowTarget(
  conversation: Conversation,
  targetId: string | undefined,
  actions: TurnActions,
): void {
  const shownId = useRef<string>(undefined);
  useEffect(() => {
    if (!targetId || shownId.current === targetId || !conversation.tree.byId.has(targetId)) return;
    shownId.current = targetId;
    if (!conversation.path.some((message) => message.id === targetId)) actions.showBranch(targetId);
  }, [conversation, targetId, actions]);
}
