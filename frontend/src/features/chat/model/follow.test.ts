import { expect, test } from 'vitest';
import { afterScroll, isReadingKey } from './follow';

const following = { isFollowing: true, lastTop: 1000 };
const reading = { isFollowing: false, lastTop: 400 };

test('scrolling up lets go', () => {
  expect(afterScroll(following, 950, 50).isFollowing).toBe(false);
});

test('coming down to the end takes hold again, half way does not', () => {
  expect(afterScroll(reading, 900, 300).isFollowing).toBe(false);
  expect(afterScroll(reading, 980, 20).isFollowing).toBe(true);
});

test('content that shrinks moves the view up at the end: no letting go', () => {
  expect(afterScroll(following, 800, 0).isFollowing).toBe(true);
});

test('content that grows below changes nothing for either', () => {
  expect(afterScroll(following, 1000, 200).isFollowing).toBe(true);
  expect(afterScroll(reading, 400, 900).isFollowing).toBe(false);
});

test('keys that go up are reading, others are not', () => {
  expect(['PageUp', 'ArrowUp', 'Home'].every(isReadingKey)).toBe(true);
  expect(['PageDown', 'End', 'a'].some(isReadingKey)).toBe(false);
});
