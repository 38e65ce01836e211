import { expect, test } from 'vitest';
import { advance, fullOxygen, type Game, move, newLevel } from './game';
import { allDirections, type Cell, cellAt, distancesFrom, indexOf, isOpen, step, wayTo } from './grid';
import { applyHint, readHint, stateOf } from './hints';
import { reduceGame } from './useGame';

const playing = (seed = 7, level = 1): Game => ({ ...newLevel(seed, level), phase: 'playing', germs: [] });
const directionTo = (from: Cell, to: Cell) =>
  allDirections.find((one) => step(from, one).join() === to.join()) as (typeof allDirections)[number];
const wallBeside = (game: Game) =>
  game.walls.flatMap((isWall, index) => {
    const [x, y] = cellAt(game.size, index);
    return isWall && x > 0 && y > 0 && x < game.size - 1 && y < game.size - 1 ? [[x, y] as Cell] : [];
  })[0] as Cell;

test('the same seed is the same maze, another is another', () => {
  expect(newLevel(7, 2)).toEqual(newLevel(7, 2));
  expect(newLevel(8, 2).walls).not.toEqual(newLevel(7, 2).walls);
});

test.each(Array.from({ length: 40 }, (_, seed) => seed))('every place of maze %i can be reached', (seed) => {
  const game = newLevel(seed, 1 + (seed % 7));
  const distances = distancesFrom(game.size, game.walls, game.player);
  const open = game.walls.flatMap((isWall, index) => (isWall ? [] : [distances[index] ?? -1]));
  expect(Math.min(...open)).toBe(0);
  expect(game.pellets.length).toBeGreaterThan(3);
  const things = [game.exit, ...game.germs.map((germ) => germ.cell)];
  expect(things.every((cell) => isOpen(game.size, game.walls, cell))).toBe(true);
});

test('a level is won by walking to the exit, and fog lifts on the way', () => {
  let game = playing();
  const way = wayTo(game.size, game.walls, game.player, game.exit);
  const before = game.seen.filter(Boolean).length;
  for (const [index, cell] of way.slice(1).entries())
    game = move(game, directionTo(way[index] as Cell, cell));
  expect(game.phase).toBe('won');
  expect(game.seen.filter(Boolean).length).toBeGreaterThan(before);
  expect(game.score).toBeGreaterThan(100);
});

test('walls stop one who does not break them, and breaks are few', () => {
  const game = playing();
  const direction = allDirections.find((one) => {
    const [x, y] = step([1, 1], one);
    return x > 0 && y > 0 && !isOpen(game.size, game.walls, [x, y]);
  });
  if (!direction) throw new Error('seed 7 begins beside an inner wall');
  expect(move(game, direction)).toBe(game);
  const broken = move(game, direction, true);
  expect([broken.breaks, broken.player]).toEqual([game.breaks - 1, game.player]);
  expect(isOpen(game.size, broken.walls, step(game.player, direction))).toBe(true);
  expect(move({ ...game, breaks: 0 }, direction, true)).toEqual({ ...game, breaks: 0 });
});

test('oxygen runs out, pellets bring some back', () => {
  const game = playing();
  expect(advance(game, 200_000).phase).toBe('lost');
  const later = advance(game, 30_000);
  expect(later.oxygen).toBeLessThan(fullOxygen);
  const next = wayTo(game.size, game.walls, game.player, game.exit)[1] as Cell;
  const fed = move({ ...later, pellets: [indexOf(game.size, next)] }, directionTo(game.player, next));
  expect([fed.taken, fed.pellets]).toEqual([1, []]);
  expect(fed.oxygen).toBeGreaterThan(later.oxygen);
});

test('germs crawl through corridors, hurt once in a while, and stand still when frozen', () => {
  let game: Game = { ...newLevel(3, 4), phase: 'playing' };
  for (let count = 0; count < 200; count++) {
    game = advance({ ...game, oxygen: 100, health: 3 }, 100);
    expect(game.germs.every((germ) => isOpen(game.size, game.walls, germ.cell))).toBe(true);
  }
  const met: Game = {
    ...game,
    player: game.germs[0]?.cell as Cell,
    safeUntil: 0,
    germClockMs: 10_000,
    phase: 'playing',
  };
  const frozen = { ...met, frozenUntil: Number.POSITIVE_INFINITY };
  expect(advance({ ...frozen, germClockMs: 0 }, 5_000).germs).toEqual(frozen.germs);
  const meeting = {
    ...met,
    germs: [{ cell: [1, 1] as Cell, heading: 'up' as const }],
    player: [1, 1] as Cell,
  };
  const around = allDirections
    .map((one) => step([1, 1], one))
    .filter((cell) => isOpen(met.size, met.walls, cell));
  const hurt = around.map((cell) => advance({ ...meeting, player: cell }, 100).health);
  expect(Math.min(...hurt)).toBe(2);
});

test('a state says what games say, and no more than the player has seen', () => {
  const game = newLevel(5, 3);
  const state = stateOf(game);
  expect(Object.keys(state)).toEqual([
    'player_pos',
    'exit_pos',
    'visible_map',
    'germs',
    'oxygenPellets',
    'oxygenCollected',
    'tick',
    'health',
    'oxygen',
  ]);
  expect(state.visible_map.length).toBe(7);
  expect(state.visible_map[3]?.[3]).toBe(0);
  const far = state.germs.filter((cell) => !game.seen[indexOf(game.size, cell)]);
  expect(far).toEqual([]);
});

test('a hint is done as far as the maze allows', () => {
  const game = playing();
  const wall = wallBeside(game);
  const { game: after, deeds } = applyHint(game, {
    hint: 'Go.',
    break_wall: [...wall],
    break_walls: [
      [0, 0],
      [99, 99],
    ],
    freeze_germs_ms: 3000,
    teleport_player: [0, 0],
    spawn_oxygen: [[1, 1]],
    highlight_zone: [[...game.exit]],
    show_path: true,
    reveal_map: true,
  });
  expect(deeds).toEqual(['wall', 'oxygen', 'freeze', 'reveal', 'mark', 'path']);
  expect(isOpen(game.size, after.walls, wall)).toBe(true);
  expect(after.walls[0]).toBe(true);
  expect(after.player).toEqual(game.player);
  expect([after.frozenUntil, after.marks]).toEqual([3000, [game.exit]]);
  expect(after.way[0]).toEqual(game.player);
});

test('a way that goes through walls gives way to one that can be walked; a sentence is a hint', () => {
  const game = playing();
  const wrong = applyHint(game, {
    path: [
      [1, 1],
      [0, 1],
      [0, 0],
    ],
  });
  expect(wrong.deeds).toEqual(['path']);
  expect(wrong.game.way.every((cell) => isOpen(game.size, game.walls, cell))).toBe(true);
  const right = wayTo(game.size, game.walls, game.player, game.exit).slice(0, 3);
  expect(applyHint(game, { path: right.map((cell) => [...cell]) }).game.way).toEqual(right);
  expect(readHint('Go left.')).toEqual({ hint: 'Go left.' });
  expect(readHint('{"hint": "Go.", "show_path": true}')).toEqual({ hint: 'Go.', show_path: true });
  expect(applyHint(game, { hint: 'Go left.' }).deeds).toEqual([]);
});

test('another try at a lost level keeps what the levels before it earned', () => {
  const lost = { ...newLevel(7, 3, 540), phase: 'lost' as const };
  const again = reduceGame(lost, { type: 'again' });
  expect([again.level, again.score, again.phase]).toEqual([3, 540, 'playing']);
});
