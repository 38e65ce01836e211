/** What was typed and not sent, per conversation; it survives a reload. */
import { readStored, writeStored } from '@/lib/storage';

const keyOf = (sessionId: string | null) => `draft.${sessionId ?? 'new'}`;

export const readDraft = (sessionId: string | null) => readStored(keyOf(sessionId), '');
export const writeDraft = (sessionId: string | null, text: string) => writeStored(keyOf(sessionId), text);
