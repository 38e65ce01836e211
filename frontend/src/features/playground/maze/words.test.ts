import { expect, test } from 'vitest';
import { newLevel } from './game';
import { bearingIn, legsOf, withoutPlace, withPlace } from './words';

test('the demo model’s working is read by its numbers, whatever it makes of them', () => {
  expect(bearingIn('x 2 to 9: go right, y 1 to 9: go down.')).toEqual({ right: 7, down: 8 });
  expect(bearingIn('x 3 to 9: go right, y 7 to 4: go down.')).toEqual({ right: 6, down: -3 });
  expect(bearingIn('x 9 to 9: stay, y 3 to 9: go down.')).toEqual({ right: 0, down: 6 });
  for (const other of ['Go left, then down.', '', 'x 3 to the right', 'At x 2 to 9: go, y 1 to 9: go'])
    expect(bearingIn(other)).toBeNull();
});

test('a way is told in straight pieces, and ends where it breaks', () => {
  const way = [
    [1, 1],
    [2, 1],
    [3, 1],
    [3, 2],
    [2, 2],
  ] as const;
  expect(legsOf(way)).toEqual([
    { direction: 'right', count: 2 },
    { direction: 'down', count: 1 },
    { direction: 'left', count: 1 },
  ]);
  expect(legsOf([[1, 1]])).toEqual([]);
  expect(
    legsOf([
      [1, 1],
      [1, 2],
      [5, 5],
    ]),
  ).toEqual([{ direction: 'down', count: 1 }]);
});

test('what is said goes out with the place, and is shown without it', () => {
  const said = withPlace(' Who are you? ', newLevel(7, 1));
  expect(said).toMatch(/^Who are you\? I am at \[1, 1\], the exit is at \[\d+, \d+\]\.$/);
  expect(withoutPlace(said)).toBe('Who are you?');
  expect(withoutPlace('I am at [1, 1].')).toBe('I am at [1, 1].');
});
