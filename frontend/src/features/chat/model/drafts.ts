/** What was typed and not sent, per conversation; it survives a reload. */
import { onSignedOut } from '@/lib/authSession';
import { clearStored, readStored, writeStored } from '@/lib/storage';

const keyOf = (sessionId: string | null) => `draft.${sessionId ?? 'new'}`;

export const readDraft = (sessionId: string | null) => readStored(keyOf(sessionId), '');
export const writeDraft = (sessionId: string | null, text: string) => writeStored(keyOf(sessionId), text);

// Who leaves on purpose leaves nothing behind; a sign-in that ran out must not cost a half-written message.
onSignedOut((hasLeft) => {
  if (hasLeft) clearStored('draft.');
});
