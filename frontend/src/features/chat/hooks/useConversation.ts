import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { useShallow } from 'zustand/react/shallow';
import { ApiError } from '@/lib/errors';
import { sessionQuery } from '../api/sessions';
import { isSettledBy, mergeConversation } from '../model/conversation';
import { dropLiveTurn, getLiveTurn, isRunning, useLiveTurns } from '../model/liveTurns';
import { pickUpTurn } from '../model/turnRunner';

/** The conversation as it is shown; it is drawn anew when its shape changes, not with every token. */
export function useConversation(sessionId: string) {
  const shape = useLiveTurns(
    useShallow((state) => {
      const live = state.bySession[sessionId];
      return {
        turnId: live?.turnId,
        outcome: live?.outcome,
        user: live?.userMessage,
        assistant: live?.assistantMessage,
        isNewSession: live?.request?.isNewSession ?? false,
      };
    }),
  );
  const isUnknownToServer = shape.isNewSession && !shape.turnId;
  const {
    data: detail,
    error,
    isPending,
    refetch,
  } = useQuery({
    ...sessionQuery(sessionId),
    enabled: !isUnknownToServer,
  });

  useEffect(() => {
    if (!detail) return;
    const live = getLiveTurn(sessionId);
    if (live && isSettledBy(detail, live)) dropLiveTurn(sessionId);
    pickUpTurn(detail);
  }, [detail, sessionId]);

  const conversation = useMemo(() => {
    // `shape` says when to look again; the turn itself is read here.
    void shape;
    return mergeConversation(detail, getLiveTurn(sessionId));
  }, [detail, shape, sessionId]);

  const live = getLiveTurn(sessionId);
  return {
    detail,
    conversation,
    isRunning: shape.assistant !== undefined && isRunning(live),
    hasLiveTurn: shape.assistant !== undefined,
    isLoading: isPending && !isUnknownToServer && shape.assistant === undefined,
    isMissing: error instanceof ApiError && error.status === 404 && shape.assistant === undefined,
    error: detail || shape.assistant ? null : error,
    refetch,
  };
}
