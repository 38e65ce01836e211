import { render, screen } from '@testing-library/react';
import { createElement, Suspense } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { latePart, watchLatePieces } from './latePieces';

const page = (name: string) => `<script type="module" crossorigin src="/assets/${name}.js"></script>`;
const reload = vi.fn();
watchLatePieces(reload);

async function losePiece(): Promise<Error> {
  const payload = new TypeError('Failed to fetch dynamically imported module');
  window.dispatchEvent(Object.assign(new Event('vite:preloadError', { cancelable: true }), { payload }));
  await new Promise((resolve) => setTimeout(resolve, 0));
  return payload;
}

beforeEach(() => {
  const script = document.createElement('script');
  script.setAttribute('src', '/assets/index-1.js');
  vi.spyOn(document, 'querySelector').mockReturnValue(script);
  sessionStorage.clear();
  reload.mockClear();
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test('after an update the page is loaded anew, once', async () => {
  vi.stubGlobal('fetch', async () => new Response(page('index-2')));
  await losePiece();
  await losePiece();
  expect(reload).toHaveBeenCalledOnce();
});

test('a part that could not be fetched comes when the network does', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
  let isOffline = true;
  const load = vi.fn(async () => {
    if (isOffline) throw await losePiece();
    return { default: () => createElement('p', null, 'Here it is.') };
  });
  render(createElement(Suspense, { fallback: 'Soon.' }, createElement(latePart(load))));
  await vi.waitFor(() => expect(load).toHaveBeenCalledOnce());
  await losePiece();
  expect(screen.getByText('Soon.')).toBeInTheDocument();
  isOffline = false;
  window.dispatchEvent(new Event('online'));
  expect(await screen.findByText('Here it is.')).toBeInTheDocument();
});

test('without a network, or with a line that only broke, the page stays, and says so where the piece is missing', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
  expect(await losePiece()).toMatchObject({ code: 'offline' });
  vi.stubGlobal('fetch', async () => new Response(page('index-1')));
  await losePiece();
  vi.stubGlobal('fetch', async () => new Response('Bad gateway', { status: 502 }));
  await losePiece();
  expect(reload).not.toHaveBeenCalled();
});
