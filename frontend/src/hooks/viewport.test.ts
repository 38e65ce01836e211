import { afterEach, expect, test, vi } from 'vitest';
import { watchVisibleHeight } from './viewport';

afterEach(() => vi.unstubAllGlobals());
const visibleHeight = () => document.documentElement.style.getPropertyValue('--visible-height');

test('the page is as high as what the on-screen keyboard leaves; zooming in does not squeeze it', () => {
  const viewport = Object.assign(new EventTarget(), { height: 844, scale: 1 });
  vi.stubGlobal('visualViewport', viewport);
  watchVisibleHeight();
  expect(visibleHeight()).toBe('844px');
  viewport.height = 511.6;
  viewport.dispatchEvent(new Event('resize'));
  expect(visibleHeight()).toBe('512px');
  Object.assign(viewport, { height: 256, scale: 2 });
  viewport.dispatchEvent(new Event('resize'));
  expect(visibleHeight()).toBe('512px');
});
