import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { useShallow } from 'zustand/react/shallow';
import { ApiError } from '@/lib/errors';
import { sessionQuery } from '../api/sessions';
import { isSettledBy, mergeConversation } from '../model/conversation';
import { dropLiveTurn, getLiveTurn, isRunning, useLiveTurns } from '../model/liveTurns';
import { pickUpTurn } from '../model/turnRunner';
import { pickUpUnsent } from '../model/unsent';

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

  const isAbsent = error instanceof ApiError && error.status === 404;
  useEffect(() => {
    // Again when a turn was let go: what was left unsent beside it has its turn now.
    void shape.assistant;
    if (detail || isAbsent) pickUpUnsent(sessionId, detail);
  }, [shape.assistant, detail, isAbsent, sessionId]);

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
    isMissing: isAbsent && shape.assistant === undefined,
    error: detail || shape.assistant ? null : error,
    refetch,
  };
}
