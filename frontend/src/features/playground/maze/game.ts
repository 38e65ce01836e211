/** The game's rules. Pure: a state and what happens give the next state; time is what `advance` is told. */
import {
  allDirections,
  type Cell,
  carve,
  cellAt,
  type Direction,
  distancesFrom,
  indexOf,
  isBreakable,
  isOpen,
  isSame,
  seeded,
  step,
  visibleFrom,
} from './grid';

export interface Germ {
  cell: Cell;
  heading: Direction;
}

/** Each until this moment of the game's own time. */
export interface Effects {
  frozenUntil: number;
  slowUntil: number;
  fastUntil: number;
  revealedUntil: number;
  safeUntil: number;
  wayUntil: number;
  marksUntil: number;
}

export interface Game extends Effects {
  seed: number;
  level: number;
  size: number;
  walls: readonly boolean[];
  player: Cell;
  exit: Cell;
  germs: readonly Germ[];
  pellets: readonly number[];
  seen: readonly boolean[];
  health: number;
  oxygen: number;
  taken: number;
  breaks: number;
  hints: number;
  score: number;
  timeMs: number;
  germClockMs: number;
  moves: number;
  way: readonly Cell[];
  marks: readonly Cell[];
  /** The wall that broke last, for its animation. */
  broken: { cell: Cell; at: number } | null;
  phase: 'ready' | 'playing' | 'paused' | 'won' | 'lost';
}

export const sightReach = 3;
export const fullOxygen = 100;
export const fullHealth = 3;
const pelletOxygen = 18;
const germStepMs = 520;
const safeMs = 1_600;
const drainPerSecond = 1.15;

/** A level of a seed; what was won before is carried on. */
export function newLevel(seed: number, level: number, score = 0): Game {
  const random = seeded(seed * 97 + level);
  const size = Math.min(21, 9 + 2 * level);
  const walls = carve(size, random);
  const player: Cell = [1, 1];
  const distances = distancesFrom(size, walls, player);
  const open = distances.flatMap((distance, index) => (distance > 0 ? [{ distance, index }] : []));
  const farthest = open.reduce((best, one) => (one.distance > best.distance ? one : best));
  const places = open.filter(({ distance, index }) => distance > 4 && index !== farthest.index);
  const draw = () => places.splice(Math.floor(random() * places.length), 1)[0]?.index;
  const some = (count: number) => Array.from({ length: count }, draw).filter((one) => one !== undefined);
  const germs = some(Math.min(6, 1 + level)).map(
    (index): Germ => ({ cell: cellAt(size, index), heading: 'up' }),
  );
  const game: Game = {
    seed,
    level,
    size,
    walls,
    player,
    exit: cellAt(size, farthest.index),
    germs,
    pellets: some(3 + level),
    seen: new Array<boolean>(size * size).fill(false),
    health: fullHealth,
    oxygen: fullOxygen,
    taken: 0,
    breaks: 2,
    hints: 0,
    score,
    timeMs: 0,
    germClockMs: 0,
    moves: 0,
    way: [],
    marks: [],
    broken: null,
    phase: 'ready',
    frozenUntil: 0,
    slowUntil: 0,
    fastUntil: 0,
    revealedUntil: 0,
    safeUntil: safeMs,
    wayUntil: 0,
    marksUntil: 0,
  };
  return look(game);
}

/** Remember what is seen from here. */
export function look(game: Game): Game {
  const seen = [...game.seen];
  for (const index of visibleFrom(game.size, game.walls, game.player, sightReach)) seen[index] = true;
  return { ...game, seen };
}

/** One step; with `isBreaking` the wall in the way breaks, as long as there are breaks left. */
export function move(game: Game, direction: Direction, isBreaking = false): Game {
  if (game.phase !== 'playing') return game;
  const next = step(game.player, direction);
  if (!isOpen(game.size, game.walls, next)) {
    const canBreak = isBreaking && game.breaks > 0 && isBreakable(game.size, game.walls, next);
    return canBreak ? look({ ...breakWall(game, next), breaks: game.breaks - 1 }) : game;
  }
  const index = indexOf(game.size, next);
  const isPellet = game.pellets.includes(index);
  const moved: Game = {
    ...game,
    player: next,
    moves: game.moves + 1,
    pellets: isPellet ? game.pellets.filter((one) => one !== index) : game.pellets,
    taken: game.taken + (isPellet ? 1 : 0),
    oxygen: Math.min(fullOxygen, game.oxygen + (isPellet ? pelletOxygen : 0)),
    way: isSame(next, game.way[1] ?? next) ? game.way.slice(1) : game.way,
  };
  const touched = touch(look(moved));
  return touched.phase === 'playing' && isSame(touched.player, touched.exit) ? win(touched) : touched;
}

export function breakWall(game: Game, cell: Cell): Game {
  const walls = [...game.walls];
  walls[indexOf(game.size, cell)] = false;
  return { ...game, walls, broken: { cell, at: game.timeMs } };
}

/** Let time pass: oxygen is used up, germs crawl. */
export function advance(game: Game, milliseconds: number): Game {
  if (game.phase !== 'playing') return game;
  const timeMs = game.timeMs + milliseconds;
  const oxygen = Math.max(0, game.oxygen - (drainPerSecond * milliseconds) / 1000);
  const isFrozen = timeMs < game.frozenUntil;
  const every = timeMs < game.slowUntil ? germStepMs * 2.2 : germStepMs;
  const clock = isFrozen ? game.germClockMs : game.germClockMs + milliseconds;
  let next: Game = { ...game, timeMs, oxygen, germClockMs: clock };
  if (clock >= every) next = touch({ ...next, germClockMs: 0, germs: crawl(next) });
  if (next.oxygen <= 0) next = { ...next, phase: 'lost' };
  return next;
}

function crawl(game: Game): Germ[] {
  const random = seeded(game.seed + game.level * 7919 + Math.round(game.timeMs));
  return game.germs.map((germ) => {
    const ways = allDirections.filter((way) => isOpen(game.size, game.walls, step(germ.cell, way)));
    if (ways.length === 0) return germ;
    const isAhead = ways.includes(germ.heading);
    // At a corner or a crossing they turn as they like, but not back if they need not.
    const back = allDirections[(allDirections.indexOf(germ.heading) + 2) % 4];
    const others = ways.filter((way) => way !== back);
    const turns = others.length > 0 ? others : ways;
    const heading =
      isAhead && (ways.length === 2 || random() < 0.55)
        ? germ.heading
        : (turns[Math.floor(random() * turns.length)] as Direction);
    return { heading, cell: step(germ.cell, heading) };
  });
}

function touch(game: Game): Game {
  if (game.timeMs < game.safeUntil || !game.germs.some((germ) => isSame(germ.cell, game.player))) return game;
  const health = game.health - 1;
  return {
    ...game,
    health,
    oxygen: Math.max(1, game.oxygen - 8),
    safeUntil: game.timeMs + safeMs,
    phase: health > 0 ? 'playing' : 'lost',
  };
}

function win(game: Game): Game {
  const earned =
    100 * game.level + Math.round(game.oxygen) + 20 * game.taken + 25 * game.health - 5 * game.hints;
  return { ...game, phase: 'won', score: game.score + Math.max(0, earned) };
}
