/**
 * Which template a conversation uses, with its values: kept in this browser as drafts are, and sent with every turn.
 * A new conversation's choice is kept under "new".
 */
import { create } from 'zustand';
import { onSignedOut } from '@/lib/authSession';
import type { TemplateUse } from '@/lib/contracts';
import { clearStored, readStored, writeStored } from '@/lib/storage';

interface Entry {
  use: TemplateUse;
  /** The conversation's instructions before the template's text took their place; absent until a turn was sent. */
  instructionsBefore?: string | null;
}

interface TemplateUseState {
  byConversation: Record<string, Entry | null>;
}

const useStore = create<TemplateUseState>(() => ({ byConversation: {} }));

onSignedOut((hasLeft) => {
  useStore.setState({ byConversation: {} });
  if (hasLeft) clearStored('template.');
});

const keyOf = (sessionId: string | null) => sessionId ?? 'new';
const stored = (key: string) => readStored<Entry | null>(`template.${key}`, null);

function entryOf(sessionId: string | null): Entry | null {
  const key = keyOf(sessionId);
  const known = useStore.getState().byConversation[key];
  return known === undefined ? stored(key) : known;
}

function put(sessionId: string | null, entry: Entry | null): void {
  const key = keyOf(sessionId);
  writeStored(`template.${key}`, entry);
  useStore.setState((state) => ({ byConversation: { ...state.byConversation, [key]: entry } }));
}

export const templateOf = (sessionId: string | null): TemplateUse | null => entryOf(sessionId)?.use ?? null;

export function useTemplateUse(sessionId: string | null): TemplateUse | null {
  const entry = useStore((state) => state.byConversation[keyOf(sessionId)]);
  // What this visit has not touched yet is in the browser's storage.
  return (entry === undefined ? entryOf(sessionId) : entry)?.use ?? null;
}

export function chooseTemplate(sessionId: string | null, use: TemplateUse): void {
  put(sessionId, { ...entryOf(sessionId), use });
}

/** Use no template from now on. Answers the instructions to put back, or undefined when the template changed none. */
export function dropTemplate(sessionId: string | null): string | null | undefined {
  const before = entryOf(sessionId)?.instructionsBefore;
  put(sessionId, null);
  return before;
}

/** A turn with the template is on its way: from now on its text is the conversation's instructions. */
export function markTemplateSent(sessionId: string, instructions: string | null): void {
  const entry = entryOf(sessionId);
  if (entry && entry.instructionsBefore === undefined)
    put(sessionId, { ...entry, instructionsBefore: instructions });
}

/** What the instructions of a conversation are without its template. */
export function instructionsWithoutTemplate(sessionId: string, current: string | null): string | null {
  const before = entryOf(sessionId)?.instructionsBefore;
  return before === undefined ? current : before;
}
