/** A path cut into turns: a question with the answer below it. */
import type { Message } from '@/lib/contracts';

export function groupTurns(path: readonly Message[]): Message[][] {
  const turns: Message[][] = [];
  for (const message of path) {
    const current = turns.at(-1);
    if (message.role === 'user' || !current) turns.push([message]);
    else current.push(message);
  }
  return turns;
}
