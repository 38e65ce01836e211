/** Which model a conversation asks, when the person chose one; a new conversation's choice is kept under "new". */
import { create } from 'zustand';
import { onSignedOut } from '@/lib/authSession';

interface ModelChoiceState {
  byConversation: Record<string, string>;
}

export const useModelChoice = create<ModelChoiceState>(() => ({ byConversation: {} }));

onSignedOut(() => useModelChoice.setState({ byConversation: {} }));

const keyOf = (sessionId: string | null) => sessionId ?? 'new';

export function chooseModel(sessionId: string | null, model: string): void {
  useModelChoice.setState((state) => ({
    byConversation: { ...state.byConversation, [keyOf(sessionId)]: model },
  }));
}

export function useChosenModel(sessionId: string | null): string | undefined {
  return useModelChoice((state) => state.byConversation[keyOf(sessionId)]);
}
