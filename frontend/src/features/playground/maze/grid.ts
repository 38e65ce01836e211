/** Mazes as data: cells, walls, ways. Pure, and the same for the same seed. */
export type Cell = readonly [number, number];
export type Walls = readonly boolean[];

export const directions = { up: [0, -1], right: [1, 0], down: [0, 1], left: [-1, 0] } as const;
export type Direction = keyof typeof directions;
export const allDirections = Object.keys(directions) as Direction[];

export type Random = () => number;

/** Mulberry32: small, and quite random enough for a game. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export const indexOf = (size: number, [x, y]: Cell) => y * size + x;
export const cellAt = (size: number, index: number): Cell => [index % size, Math.floor(index / size)];
export const isSame = (one: Cell, other: Cell) => one[0] === other[0] && one[1] === other[1];
export const isInside = (size: number, [x, y]: Cell) => x >= 0 && y >= 0 && x < size && y < size;
export const step = ([x, y]: Cell, direction: Direction): Cell => [
  x + directions[direction][0],
  y + directions[direction][1],
];

export function isOpen(size: number, walls: Walls, cell: Cell): boolean {
  return isInside(size, cell) && walls[indexOf(size, cell)] === false;
}

/** The walls inside the outer one may break. */
export function isBreakable(size: number, walls: Walls, [x, y]: Cell): boolean {
  return x > 0 && y > 0 && x < size - 1 && y < size - 1 && walls[indexOf(size, [x, y])] === true;
}

const pick = <T>(random: Random, items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;

/** A maze of an odd size with one way between any two places, and then a few more so that nobody is trapped. */
export function carve(size: number, random: Random): boolean[] {
  const walls = new Array<boolean>(size * size).fill(true);
  const open = (cell: Cell) => {
    walls[indexOf(size, cell)] = false;
  };
  const trail: Cell[] = [[1, 1]];
  open([1, 1]);
  for (let here = trail.at(-1); here !== undefined; here = trail.at(-1)) {
    const [x, y] = here;
    const ways = allDirections.filter((direction) => {
      const far = step(step([x, y], direction), direction);
      return isInside(size, far) && walls[indexOf(size, far)] === true;
    });
    if (ways.length === 0) {
      trail.pop();
      continue;
    }
    const direction = pick(random, ways);
    const next = step(here, direction);
    open(next);
    open(step(next, direction));
    trail.push(step(next, direction));
  }
  const inner = walls.flatMap((isWall, index) => {
    const [x, y] = cellAt(size, index);
    const parts = isWall && x > 0 && y > 0 && x < size - 1 && y < size - 1 && (x + y) % 2 === 1;
    return parts ? [index] : [];
  });
  for (let count = Math.floor(size / 2); count > 0 && inner.length > 0; count--)
    walls[inner.splice(Math.floor(random() * inner.length), 1)[0] as number] = false;
  return walls;
}

/** How many steps each cell is from a place; -1 where no way leads. */
export function distancesFrom(size: number, walls: Walls, from: Cell): number[] {
  const distances = new Array<number>(size * size).fill(-1);
  distances[indexOf(size, from)] = 0;
  const waiting: Cell[] = [from];
  for (let head = 0; head < waiting.length; head++) {
    const here = waiting[head] as Cell;
    for (const direction of allDirections) {
      const next = step(here, direction);
      if (!isOpen(size, walls, next) || distances[indexOf(size, next)] !== -1) continue;
      distances[indexOf(size, next)] = (distances[indexOf(size, here)] ?? 0) + 1;
      waiting.push(next);
    }
  }
  return distances;
}

/** The shortest way, both ends with it; empty where none leads. */
export function wayTo(size: number, walls: Walls, from: Cell, to: Cell): Cell[] {
  const distances = distancesFrom(size, walls, to);
  if ((distances[indexOf(size, from)] ?? -1) < 0) return [];
  const way: Cell[] = [from];
  for (let here = from; !isSame(here, to); ) {
    const distance = distances[indexOf(size, here)] ?? 0;
    const next = allDirections
      .map((direction) => step(here, direction))
      .find((cell) => isInside(size, cell) && distances[indexOf(size, cell)] === distance - 1);
    if (!next) return [];
    way.push(next);
    here = next;
  }
  return way;
}

/** What is seen from a place: the corridors for a few steps, with the walls beside them. */
export function visibleFrom(size: number, walls: Walls, from: Cell, reach: number): Set<number> {
  const seen = new Set<number>([indexOf(size, from)]);
  let edge: Cell[] = [from];
  for (let distance = 0; distance < reach; distance++) {
    const next: Cell[] = [];
    for (const here of edge)
      for (const direction of allDirections) {
        const cell = step(here, direction);
        if (!isInside(size, cell) || seen.has(indexOf(size, cell))) continue;
        seen.add(indexOf(size, cell));
        if (isOpen(size, walls, cell)) next.push(cell);
      }
    edge = next;
  }
  for (const index of [...seen]) {
    const [x, y] = cellAt(size, index);
    if (walls[index]) continue;
    for (const dx of [-1, 0, 1])
      for (const dy of [-1, 0, 1])
        if (isInside(size, [x + dx, y + dy])) seen.add(indexOf(size, [x + dx, y + dy]));
  }
  return seen;
}
