/** Pieces of the page that are fetched when they are needed, and do not come. */

import { type ComponentType, type LazyExoticComponent, lazy } from 'react';
import { backOff } from './eventBuffer';

const reloadedKey = 'portal.reloaded';

/**
 * Load the page anew when an update has taken its pieces away, once for each update. A line that broke is no reason: a reload
 * without a network would take away what is on the page too.
 */
export function watchLatePieces(reload: () => void = () => window.location.reload()): void {
  window.addEventListener('vite:preloadError', (event) => {
    // Said where the piece was to stand. The router reloads by itself on the browser's own words.
    Object.assign(event.payload, { code: 'offline', message: 'A piece of the page could not be fetched.' });
    const own = document.querySelector('script[type=module]')?.getAttribute('src') ?? '';
    void isReplaced(own).then((isGone) => {
      if (!isGone || sessionStorage.getItem(reloadedKey) === own) return;
      sessionStorage.setItem(reloadedKey, own);
      reload();
    });
  });
}

/** Does the portal serve another page by now than the one with this program? */
async function isReplaced(own: string): Promise<boolean> {
  try {
    const response = await fetch('/', { cache: 'no-store' });
    return response.ok && !(await response.text()).includes(own);
  } catch {
    return false;
  }
}

/** A part of the page that comes when it is needed. While it cannot be fetched it is waited for; the rest of the page stays. */
export function latePart<Props>(
  load: () => Promise<{ default: ComponentType<Props> }>,
): LazyExoticComponent<ComponentType<Props>> {
  return lazy(() => untilFetched(load));
}

/** Fetch a part before it is needed. That it does not come is nobody's business yet. */
export function fetchEarly(load: () => Promise<unknown>): void {
  load().catch(() => undefined);
}

async function untilFetched<Part>(load: () => Promise<Part>): Promise<Part> {
  const { signal } = new AbortController();
  for (let attempt = 0; ; attempt++) {
    try {
      return await load();
    } catch (error) {
      if ((error as { code?: string }).code !== 'offline') throw error;
      await backOff(attempt, signal);
    }
  }
}
