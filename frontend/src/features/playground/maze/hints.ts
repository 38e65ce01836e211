/** The guide's hints: what is published of a game, and what a hint does to it. Pure. */
import { breakWall, type Game, look } from './game';
import { type Cell, cellAt, indexOf, isBreakable, isInside, isOpen, isSame, wayTo } from './grid';

export interface Hint {
  hint?: string;
  path?: number[][];
  show_path?: boolean;
  break_wall?: number[];
  break_walls?: number[][];
  speed_boost_ms?: number;
  slow_germs_ms?: number;
  freeze_germs_ms?: number;
  teleport_player?: number[];
  spawn_oxygen?: number[][];
  move_exit?: number[];
  highlight_zone?: number[][];
  highlight_ms?: number;
  reveal_map?: boolean;
}

export type Deed =
  | 'path'
  | 'wall'
  | 'speed'
  | 'slow'
  | 'freeze'
  | 'teleport'
  | 'oxygen'
  | 'exit'
  | 'mark'
  | 'reveal';

const wayMs = 6_000;
const wayCells = 14;
const mapReach = 3;
const revealMs = 3_000;
const usualMarkMs = 3_000;

/** The state as games send it; what the player has not seen is a wall on the map. */
export function stateOf(game: Game) {
  const [x, y] = game.player;
  const around = Array.from({ length: 2 * mapReach + 1 }, (_, offset) => offset - mapReach);
  const isSeen = (cell: Cell) => game.seen[indexOf(game.size, cell)] === true;
  return {
    player_pos: game.player,
    exit_pos: game.exit,
    visible_map: around.map((dy) =>
      around.map((dx) => {
        const cell: Cell = [x + dx, y + dy];
        return isInside(game.size, cell) && isSeen(cell) && isOpen(game.size, game.walls, cell) ? 0 : 1;
      }),
    ),
    germs: game.germs.map((germ) => germ.cell).filter(isSeen),
    oxygenPellets: game.pellets.map((index) => cellAt(game.size, index)).filter(isSeen),
    oxygenCollected: game.taken,
    tick: Math.round(game.timeMs / 100),
    health: game.health,
    oxygen: Math.round(game.oxygen),
  };
}

/** Read what came: a hint's JSON, or text that is the hint. */
export function readHint(text: string): Hint {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed;
  } catch {
    // A sentence is a hint too.
  }
  return { hint: text };
}

const cellOf = (game: Game, given: number[] | undefined): Cell[] => {
  const [x, y] = given ?? [];
  return x !== undefined && y !== undefined && isInside(game.size, [x, y]) ? [[x, y]] : [];
};
const cellsOf = (game: Game, given: number[][] | undefined) =>
  (given ?? []).flatMap((one) => cellOf(game, one));
const span = (value: number | undefined) => Math.min(60_000, Math.max(0, value ?? 0));

/** Do what a hint says, as far as the maze allows; returns the game and what was done. */
export function applyHint(before: Game, hint: Hint): { game: Game; deeds: Deed[] } {
  const deeds: Deed[] = [];
  let game = before;
  const now = game.timeMs;
  const apply = (deed: Deed, part: Partial<Game>) => {
    game = { ...game, ...part };
    if (!deeds.includes(deed)) deeds.push(deed);
  };

  for (const cell of cellsOf(game, [
    ...(hint.break_walls ?? []),
    ...(hint.break_wall ? [hint.break_wall] : []),
  ]))
    if (isBreakable(game.size, game.walls, cell)) apply('wall', breakWall(game, cell));
  for (const cell of cellOf(game, hint.teleport_player))
    if (isOpen(game.size, game.walls, cell)) apply('teleport', { player: cell });
  for (const cell of cellOf(game, hint.move_exit))
    if (isOpen(game.size, game.walls, cell) && !isSame(cell, game.player)) apply('exit', { exit: cell });
  for (const cell of cellsOf(game, hint.spawn_oxygen)) {
    const index = indexOf(game.size, cell);
    if (isOpen(game.size, game.walls, cell) && !game.pellets.includes(index))
      apply('oxygen', { pellets: [...game.pellets, index] });
  }
  if (span(hint.freeze_germs_ms)) apply('freeze', { frozenUntil: now + span(hint.freeze_germs_ms) });
  if (span(hint.slow_germs_ms)) apply('slow', { slowUntil: now + span(hint.slow_germs_ms) });
  if (span(hint.speed_boost_ms)) apply('speed', { fastUntil: now + span(hint.speed_boost_ms) });
  if (hint.reveal_map) apply('reveal', { revealedUntil: now + revealMs });
  const marks = cellsOf(game, hint.highlight_zone);
  if (marks.length > 0) apply('mark', { marks, marksUntil: now + (span(hint.highlight_ms) || usualMarkMs) });
  const way = wayOf(game, hint);
  if (way.length > 1) apply('path', { way, wayUntil: now + wayMs });
  return { game: look(game), deeds };
}

/** The way that a hint gives, if one can walk it; else, if it wants one shown, the beginning of the shortest. */
function wayOf(game: Game, hint: Hint): Cell[] {
  const given = cellsOf(game, hint.path);
  const isWalkable = given.length > 1 && given.every((cell) => isOpen(game.size, game.walls, cell));
  if (isWalkable) return given;
  if (!hint.show_path && given.length === 0) return [];
  return wayTo(game.size, game.walls, game.player, game.exit).slice(0, wayCells);
}
