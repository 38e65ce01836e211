/** A message on its way is kept in this browser until the portal has it: a lost sign-in or line, or a reload, costs nothing. */
import { onSignedOut, useAuthSession } from '@/lib/authSession';
import type { SessionDetail } from '@/lib/contracts';
import { clearStored, readStored, writeStored } from '@/lib/storage';
import { dropLiveTurn, getLiveTurn, putLiveTurn, type TurnRequest } from './liveTurns';
import { optimisticTurn } from './optimistic';

interface Unsent {
  request: TurnRequest;
  /** What it was said in answer to; tells whether the conversation has it already. */
  parentId: string | null;
  /** The next person at this browser does not find it. */
  userId: number | null;
}

const keyOf = (sessionId: string) => `unsent.${sessionId}`;
const whoIsHere = () => useAuthSession.getState().user?.id ?? null;

onSignedOut((hasLeft) => {
  if (hasLeft) clearStored('unsent.');
});

/** Asking for another answer types nothing, and is not kept. */
export function keepUnsent(request: TurnRequest, parentId: string | null): void {
  if (request.regenerateOf) return;
  writeStored(keyOf(request.sessionId), { request, parentId, userId: whoIsHere() } satisfies Unsent);
}

export function forgetUnsent(sessionId: string): void {
  writeStored(keyOf(sessionId), null);
}

/** Show what was left unsent in an earlier visit, to be sent again or taken back; `detail` is absent when nothing was ever sent. */
export function pickUpUnsent(sessionId: string, detail: SessionDetail | undefined): void {
  const kept = readStored<Unsent | null>(keyOf(sessionId), null);
  const live = getLiveTurn(sessionId);
  const isElse = live ? live.outcome !== 'failed' || live.turnId !== null : Boolean(detail?.active_turn);
  if (!kept || isElse) return;
  if (kept.userId !== whoIsHere() || hasArrived(kept, detail)) {
    forgetUnsent(sessionId);
    dropLiveTurn(sessionId);
    return;
  }
  if (live) return;
  const turn = optimisticTurn({ ...kept.request, isNewSession: false }, detail);
  const error = { code: 'unsent', message: 'The message was not sent.' };
  putLiveTurn({ ...turn, phase: 'finished', outcome: 'failed', error });
}

function hasArrived({ request, parentId }: Unsent, detail: SessionDetail | undefined): boolean {
  const isIt = (message: SessionDetail['messages'][number]) =>
    message.role === 'user' && message.parent_id === parentId && message.content === request.message;
  return detail?.messages.some(isIt) ?? false;
}
