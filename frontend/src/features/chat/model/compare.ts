/**
 * One question, two answers in the same conversation: the first is asked as a turn, the second as another answer to
 * the same message. They run one after the other, as turns of a conversation do, and go on when the page is left.
 */
import { create } from 'zustand';
import { onSignedOut, useAuthSession } from '@/lib/authSession';
import type { TemplateUse } from '@/lib/contracts';
import { randomId } from '@/lib/ids';
import { queryClient } from '@/lib/queryClient';
import { readStored, writeStored } from '@/lib/storage';
import { patchSession, sessionQuery, switchLeaf } from '../api/sessions';
import { type TurnRequest, useLiveTurns } from './liveTurns';
import { chooseModel } from './modelChoice';
import { chooseTemplate, dropTemplate, instructionsWithoutTemplate, markTemplateSent } from './templateUse';
import { sendTurn } from './turnRunner';

export interface CompareSide {
  /** Absent: the conversation's, or the portal's default. */
  model?: string;
  template: TemplateUse | null;
}

export type SideIndex = 0 | 1;

export const sideName = (index: SideIndex): string => (index === 0 ? 'A' : 'B');

export interface Comparison {
  sessionId: string;
  isNewSession: boolean;
  question: string;
  sides: [CompareSide, CompareSide];
  /** The conversation's own instructions: what a side without a template goes by. */
  instructions: string | null;
  /** Named by the portal as soon as it has them. */
  userMessageId: string | null;
  answerIds: [string | null, string | null];
}

interface ComparisonState {
  current: Comparison | null;
  /** The side whose turn runs in this page. */
  running: SideIndex | null;
}

const storageKey = 'comparison';

export const useComparison = create<ComparisonState>(() => ({
  current: readStored<Comparison | null>(storageKey, null),
  running: null,
}));

onSignedOut((hasLeft) => {
  useComparison.setState({ current: hasLeft ? null : useComparison.getState().current, running: null });
  if (hasLeft) writeStored(storageKey, null);
});

function put(current: Comparison | null): void {
  useComparison.setState({ current });
  writeStored(storageKey, current);
}

export const clearComparison = () => put(null);

export const isSameSide = (a: CompareSide, b: CompareSide): boolean =>
  (a.model ?? '') === (b.model ?? '') && JSON.stringify(a.template) === JSON.stringify(b.template);

/** Ask both sides. Without a conversation a new one begins. */
export async function startComparison(
  sessionId: string | null,
  question: string,
  sides: [CompareSide, CompareSide],
): Promise<void> {
  const id = sessionId ?? randomId();
  const detail = sessionId ? queryClient.getQueryData(sessionQuery(id).queryKey) : undefined;
  put({
    sessionId: id,
    isNewSession: sessionId === null,
    question,
    sides,
    instructions: instructionsWithoutTemplate(id, detail?.system_prompt ?? null),
    userMessageId: null,
    answerIds: [null, null],
  });
  await askSide(0);
  const { current } = useComparison.getState();
  // Whatever became of the first answer, the second can be asked as soon as the question is stored.
  if (current?.sessionId === id && current.userMessageId && isSignedIn()) await askSide(1);
}

const isSignedIn = () => useAuthSession.getState().status === 'signed-in';

/** What one side asks. The second one, and a first one that is asked again, answer the stored question anew. */
export function sideRequest(comparison: Comparison, index: SideIndex): TurnRequest {
  const { sessionId, question, sides, instructions, userMessageId, isNewSession } = comparison;
  const { model, template } = sides[index];
  const hasTemplates = sides.some((side) => side.template !== null);
  return {
    sessionId,
    template,
    ...(model ? { model } : {}),
    // A template of the other side must not be what this one goes by.
    ...(!template && hasTemplates ? { systemPrompt: instructions ?? '' } : {}),
    ...(userMessageId
      ? { message: '', regenerateOf: userMessageId }
      : { message: question, ...(isNewSession ? { isNewSession } : {}) }),
  };
}

/** Ask one side, or ask it again. */
export async function askSide(index: SideIndex): Promise<void> {
  const { current } = useComparison.getState();
  if (!current) return;
  const { sessionId } = current;
  const stop = useLiveTurns.subscribe((state) => {
    const live = state.bySession[sessionId];
    if (live?.turnId && live.outcome === null)
      remember(sessionId, index, live.assistantMessage.parent_id, live.assistantMessage.id);
  });
  useComparison.setState({ running: index });
  try {
    await sendTurn(sideRequest(current, index));
  } finally {
    stop();
    if (useComparison.getState().running === index) useComparison.setState({ running: null });
  }
}

function remember(sessionId: string, index: SideIndex, userMessageId: string | null, answerId: string): void {
  const { current } = useComparison.getState();
  if (current?.sessionId !== sessionId || current.answerIds[index] === answerId) return;
  const answerIds: Comparison['answerIds'] = [...current.answerIds];
  answerIds[index] = answerId;
  put({ ...current, userMessageId: userMessageId ?? current.userMessageId, answerIds });
}

/** Go on with one side's answer: its branch is shown, its model and template are asked from now on. */
export async function keepSide(comparison: Comparison, index: SideIndex): Promise<void> {
  const { sessionId, sides, instructions } = comparison;
  const answerId = comparison.answerIds[index];
  if (!answerId) return;
  const { model, template } = sides[index];
  await switchLeaf(sessionId, answerId);
  if (template) {
    chooseTemplate(sessionId, template);
    markTemplateSent(sessionId, instructions);
  } else {
    dropTemplate(sessionId);
    if (sides.some((side) => side.template)) await patchSession(sessionId, { system_prompt: instructions });
  }
  if (model) chooseModel(sessionId, model);
  clearComparison();
  await queryClient.invalidateQueries({ queryKey: ['session', sessionId] });
}
