import { expect, test } from 'vitest';
import { type ComposerSituation, composerAction, type KeyPress } from './composerKeys';

const press = (key: string, patch: Partial<KeyPress> = {}): KeyPress => ({
  key,
  shiftKey: false,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  isComposing: false,
  keyCode: 13,
  ...patch,
});
const desk: ComposerSituation = { isEmpty: false, isRunning: false, isTouch: false };

test('Enter sends, Shift+Enter breaks the line', () => {
  expect(composerAction(press('Enter'), desk)).toBe('send');
  expect(composerAction(press('Enter', { shiftKey: true }), desk)).toBeNull();
});

test('on touch Enter breaks the line; with Ctrl or ⌘ it sends there too', () => {
  const touch = { ...desk, isTouch: true };
  expect(composerAction(press('Enter'), touch)).toBeNull();
  expect(composerAction(press('Enter', { metaKey: true }), touch)).toBe('send');
});

test('nothing is sent while an input method composes, in Chrome’s, Firefox’s and Safari’s way', () => {
  expect(composerAction(press('Enter', { isComposing: true }), desk)).toBeNull();
  expect(composerAction(press('Enter', { keyCode: 229 }), desk)).toBeNull();
  expect(composerAction(press('Escape', { isComposing: true }), { ...desk, isRunning: true })).toBeNull();
});

test('Escape stops only what runs', () => {
  expect(composerAction(press('Escape'), { ...desk, isRunning: true })).toBe('stop');
  expect(composerAction(press('Escape'), desk)).toBeNull();
});

test('↑ brings the last prompt back only into an empty box', () => {
  expect(composerAction(press('ArrowUp'), { ...desk, isEmpty: true })).toBe('recall');
  expect(composerAction(press('ArrowUp'), desk)).toBeNull();
});
