import { fireEvent, screen } from '@testing-library/react';
import { beforeEach, expect, test, vi } from 'vitest';
import { onFocusComposer, useShell } from '@/hooks/useShell';
import { renderInApp } from '@/testing/render';
import { useChatHotkeys } from './useChatHotkeys';

const copied = vi.fn();

function Page() {
  useChatHotkeys();
  return (
    <>
      <textarea aria-label="text" />
      {['first answer', 'last answer'].map((name) => (
        <button key={name} type="button" data-copy="answer" onClick={() => copied(name)} />
      ))}
      <button type="button" data-copy="code" onClick={() => copied('code')} />
    </>
  );
}

/** Press keys where a person types; answers whether the browser was kept from doing its own with them. */
const press = (key: string, keys: Partial<KeyboardEvent> = {}) =>
  !fireEvent.keyDown(screen.getByLabelText('text'), { key, ...keys });
const ctrl = { ctrlKey: true };
const ctrlShift = { ctrlKey: true, shiftKey: true };

beforeEach(() => {
  copied.mockClear();
  useShell.setState({ isSidebarOpen: true, isDrawerOpen: false, isSearchOpen: false, isHelpOpen: false });
});

test('search, side bar and help, out of the middle of typing', async () => {
  await renderInApp(<Page />);
  expect(press('k', ctrl)).toBe(true);
  expect(useShell.getState().isSearchOpen).toBe(true);
  press('b', ctrl);
  expect(useShell.getState().isSidebarOpen && !useShell.getState().isDrawerOpen).toBe(false);
  press('/', ctrl);
  expect(useShell.getState().isHelpOpen).toBe(true);
  press('/', ctrlShift); // Where the slash stands above the 7.
  expect(useShell.getState().isHelpOpen).toBe(false);
});

test('the last answer and the last code are copied by what their buttons do', async () => {
  await renderInApp(<Page />);
  press('C', ctrlShift);
  press(':', { ...ctrlShift, code: 'Semicolon' });
  expect(copied.mock.calls.flat()).toEqual(['last answer', 'code']);
});

test('a new chat, and the way back to where one types', async () => {
  const { router } = await renderInApp(<Page />);
  const focused = vi.fn();
  const stop = onFocusComposer(focused);
  press('Escape', { shiftKey: true });
  expect(focused).toHaveBeenCalledTimes(1);
  press('O', ctrlShift);
  expect(focused).toHaveBeenCalledTimes(2);
  expect(router.state.location.pathname).toBe('/');
  stop();
});

test('plain letters, the browser’s own keys and half-composed words are left alone', async () => {
  await renderInApp(<Page />);
  const left = [
    press('k'),
    press('c', ctrl),
    press('f', ctrl),
    press('t', ctrl),
    press('r', ctrl),
    press('k', { ...ctrl, altKey: true }),
    press('k', { ...ctrl, isComposing: true }),
    press('Escape'),
  ];
  expect(left).toEqual(left.map(() => false));
  expect(useShell.getState().isSearchOpen).toBe(false);
});
