import { useShallow } from 'zustand/react/shallow';
import { useLiveTurns } from '../model/liveTurns';

/** The text of an answer that streams right now; null for every other, so only one row is drawn with each flush. */
export function useLiveAnswer(sessionId: string, messageId: string) {
  return useLiveTurns(
    useShallow((state) => {
      const live = state.bySession[sessionId];
      if (!live || live.outcome !== null || live.assistantMessage.id !== messageId) return null;
      const { content, reasoning, reasoningMs, phase } = live;
      return { content, reasoning, reasoningMs, isThinking: phase === 'thinking' };
    }),
  );
}
