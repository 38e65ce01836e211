import { expect, test } from 'vitest';
import { makeMessage } from '@/testing/messages';
import { activePath, branchPosition, buildTree, newestLeafUnder } from './tree';
import { groupTurns } from './turns';

const assistant = { role: 'assistant' as const };
// q1 ─ a1 ─ q2 ─ a2
//    │    └ q2b ─ a2b      (an edited question)
//    └ a1b                 (an answer regenerated)
const messages = [
  makeMessage('q1', null),
  makeMessage('a1', 'q1', assistant),
  makeMessage('q2', 'a1'),
  makeMessage('a2', 'q2', assistant),
  makeMessage('a1b', 'q1', assistant),
  makeMessage('q2b', 'a1'),
  makeMessage('a2b', 'q2b', assistant),
];
const tree = buildTree(messages);
const ids = (path: { id: string }[]) => path.map((message) => message.id);

test('the active path goes from the first message down to the leaf', () => {
  expect(ids(activePath(tree, 'a2'))).toEqual(['q1', 'a1', 'q2', 'a2']);
  expect(ids(activePath(tree, 'a1b'))).toEqual(['q1', 'a1b']);
});

test('without a leaf, or with an unknown one, the newest path is shown', () => {
  expect(ids(activePath(tree, null))).toEqual(['q1', 'a1b']);
  expect(ids(activePath(tree, 'gone'))).toEqual(['q1', 'a1b']);
  expect(activePath(buildTree([]), null)).toEqual([]);
});

test('siblings are counted in order of creation, for answers and for edited questions', () => {
  expect(branchPosition(tree, messages[4] as never)).toEqual({
    position: 2,
    count: 2,
    previousId: 'a1',
    nextId: null,
  });
  expect(branchPosition(tree, messages[2] as never)).toEqual({
    position: 1,
    count: 2,
    previousId: null,
    nextId: 'q2b',
  });
  expect(branchPosition(tree, messages[0] as never)).toBeNull();
});

test('switching to a message goes down to the newest leaf under it', () => {
  expect(newestLeafUnder(tree, 'a1')).toBe('a2b');
  expect(newestLeafUnder(tree, 'a1b')).toBe('a1b');
});

test('an edited first message is a branch of its own', () => {
  const twoRoots = buildTree([...messages, makeMessage('r2', null)]);
  expect(branchPosition(twoRoots, makeMessage('r2', null))).toEqual({
    position: 2,
    count: 2,
    previousId: 'q1',
    nextId: null,
  });
  expect(ids(activePath(twoRoots, null))).toEqual(['r2']);
});

test('a path is cut into turns at each question', () => {
  expect(groupTurns(activePath(tree, 'a2')).map(ids)).toEqual([
    ['q1', 'a1'],
    ['q2', 'a2'],
  ]);
});
