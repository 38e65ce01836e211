/** What a hint says, in words and as steps. Pure. */
import type { Game } from './game';
import { allDirections, type Cell, type Direction, isSame, step } from './grid';

/** Where the door lies from the player: cells to the right and down. */
export interface Bearing {
  right: number;
  down: number;
}

/** The demo model says its working: both numbers of an axis, and what follows of them. The numbers are what it is good at. */
const working = /^x (\d+) to (\d+):.*\by (\d+) to (\d+):/;

/** Read a hint that is the demo model's working; null for words of any other kind. */
export function bearingIn(text: string): Bearing | null {
  const numbers = working.exec(text)?.slice(1).map(Number);
  if (!numbers) return null;
  const [x = 0, toX = 0, y = 0, toY = 0] = numbers;
  return { right: toX - x, down: toY - y };
}

export interface Leg {
  direction: Direction;
  count: number;
}

/** A way as straight pieces: what a player has to press. */
export function legsOf(way: readonly Cell[]): Leg[] {
  const legs: Leg[] = [];
  for (const [index, here] of way.slice(0, -1).entries()) {
    const next = way[index + 1] as Cell;
    const direction = allDirections.find((one) => isSame(step(here, one), next));
    if (!direction) return legs;
    const last = legs.at(-1);
    if (last?.direction === direction) last.count += 1;
    else legs.push({ direction, count: 1 });
  }
  return legs;
}

/** What a player says, with where they stand: the guide sees the maze only in what is sent. */
export function withPlace(message: string, game: Game): string {
  return `${message.trim()} I am at [${game.player.join(', ')}], the exit is at [${game.exit.join(', ')}].`;
}

/** The same without the place, as it was typed. */
export function withoutPlace(message: string): string {
  return message.replace(/ I am at \[\d+, \d+\], the exit is at \[\d+, \d+\]\.$/, '');
}
