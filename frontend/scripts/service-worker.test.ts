// @vitest-environment node
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { renderServiceWorker } from '../vite/serviceWorker';

const origin = 'https://portal.example.org';
let folder: string;
let source: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portal-shell-'));
  await mkdir(join(folder, 'assets'));
  const files = {
    'index.html':
      '<script src="/start.js"></script><script src="/assets/index-1.js"></script><link href="/assets/index-1.css">',
    'start.js': '',
    'favicon.svg': '',
    'assets/index-1.js': 'import{a}from"./shared-2.js";const page=()=>import("./settings-3.js");',
    'assets/shared-2.js': '',
    'assets/settings-3.js': '',
    'assets/index-1.css': '',
    'assets/inter-latin-wght-normal-4.woff2': '',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  source = await renderServiceWorker(folder);
});

afterAll(() => rm(folder, { recursive: true }));

/** Run the worker, and answer what it does with a request: nothing, or an answer from `stored` or `network`. */
function run(isOnline: boolean) {
  const listeners: Record<string, (event: unknown) => void> = {};
  const added: string[] = [];
  class Request {
    constructor(readonly url: string) {}
  }
  const caches = {
    open: async () => ({ addAll: async (all: Request[]) => void added.push(...all.map((one) => one.url)) }),
    match: async (path: string) => (added.includes(path) ? `stored ${path}` : undefined),
    keys: async () => ['portal-shell-old', 'another-page'],
    delete: vi.fn(async (_name: string) => true),
  };
  const skipWaiting = vi.fn();
  const self = {
    location: { origin },
    clients: { claim: async () => undefined },
    skipWaiting,
    addEventListener: (name: string, listener: (event: unknown) => void) => (listeners[name] = listener),
  };
  const fetch = async (request: { url: string }) => {
    if (!isOnline) throw new TypeError('no network');
    return `network ${request.url}`;
  };
  runInNewContext(source, { self, caches, Request, URL, Response: { error: () => 'error' }, fetch });
  const wait = async (name: string) => {
    let done: unknown;
    listeners[name]?.({ waitUntil: (promise: unknown) => (done = promise) });
    await done;
  };
  const ask = async (path: string, mode = 'cors', method = 'GET') => {
    let answer: unknown = 'left alone';
    const url = path.startsWith('http') ? path : origin + path;
    listeners.fetch?.({ request: { url, mode, method }, respondWith: (given: unknown) => (answer = given) });
    return answer;
  };
  return { added, caches, ask, wait, skipWaiting, tell: (data: string) => listeners.message?.({ data }) };
}

test('the shell is what the first screen needs, and no page that is opened later', async () => {
  const worker = run(true);
  await worker.wait('install');
  expect(worker.added).toEqual([
    '/',
    '/start.js',
    '/favicon.svg',
    '/assets/index-1.css',
    '/assets/index-1.js',
    '/assets/inter-latin-wght-normal-4.woff2',
    '/assets/shared-2.js',
  ]);
});

test('what the portal answers, and what is shared by link, never passes through it', async () => {
  for (const isOnline of [true, false]) {
    const worker = run(isOnline);
    await worker.wait('install');
    for (const path of [
      '/api/sessions',
      '/api/auth/me',
      '/v1/models',
      '/api/shared/tok',
      '/healthz',
      '/docs',
    ])
      expect(await worker.ask(path)).toBe('left alone');
    expect(await worker.ask('/s/token', 'navigate')).toBe('left alone');
    expect(await worker.ask('/v1', 'navigate')).toBe('left alone');
    expect(await worker.ask('/c/1', 'navigate', 'POST')).toBe('left alone');
    expect(await worker.ask('https://elsewhere.example/assets/index-1.js')).toBe('left alone');
    expect(await worker.ask('/assets/settings-3.js')).toBe('left alone');
  }
});

test('a page comes from the portal, and without a network from the shell', async () => {
  const online = run(true);
  await online.wait('install');
  expect(await online.ask('/c/1', 'navigate')).toBe(`network ${origin}/c/1`);
  expect(await online.ask('/assets/index-1.js')).toBe('stored /assets/index-1.js');
  const offline = run(false);
  await offline.wait('install');
  expect(await offline.ask('/c/1', 'navigate')).toBe('stored /');
  expect(await offline.ask('/settings', 'navigate')).toBe('stored /');
  expect(await offline.ask('/start.js')).toBe('stored /start.js');
});

test('an older shell is thrown away, others’ caches are not; it takes over when told', async () => {
  const worker = run(true);
  await worker.wait('activate');
  expect(worker.caches.delete.mock.calls).toEqual([['portal-shell-old']]);
  worker.tell('something else');
  expect(worker.skipWaiting).not.toHaveBeenCalled();
  worker.tell('take-over');
  expect(worker.skipWaiting).toHaveBeenCalledTimes(1);
});

test('its version changes with any file of the shell', async () => {
  await writeFile(join(folder, 'start.js'), 'changed');
  const changed = await renderServiceWorker(folder);
  expect(changed).not.toBe(source);
  expect(changed).toMatch(/portal-shell-[0-9a-f]{12}'/);
  expect(await readFile(join(folder, 'start.js'), 'utf8')).toBe('changed');
});
