import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const system = Object.assign(new EventTarget(), { matches: false });
const isDark = () => document.documentElement.classList.contains('dark');
const turnSystem = (matches: boolean) => {
  system.matches = matches;
  system.dispatchEvent(new Event('change'));
};

beforeEach(() => {
  vi.resetModules();
  system.matches = false;
  vi.stubGlobal('matchMedia', () => system);
});
afterEach(() => vi.unstubAllGlobals());

test('a chosen theme shows at once, is kept, and the system does not change it', async () => {
  const { useTheme, watchSystemTheme } = await import('./useTheme');
  watchSystemTheme();
  useTheme.getState().choose('dark');
  expect(isDark()).toBe(true);
  turnSystem(true);
  turnSystem(false);
  expect(isDark()).toBe(true);
  vi.resetModules();
  expect((await import('./useTheme')).useTheme.getState().choice).toBe('dark');
});

test('while the system decides, the page turns with it', async () => {
  const { useTheme, watchSystemTheme } = await import('./useTheme');
  watchSystemTheme();
  expect(useTheme.getState().choice).toBe('system');
  turnSystem(true);
  expect(isDark()).toBe(true);
  turnSystem(false);
  expect(isDark()).toBe(false);
});
