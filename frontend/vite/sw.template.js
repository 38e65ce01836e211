// The page without a network: the shell alone, never what the portal answers, and nothing that is shared by link.
// SHELL and VERSION are filled in by the build (vite/serviceWorker.ts).
const shell = SHELL;
const cacheName = 'portal-shell-VERSION';
const isHashed = (path) => path.startsWith('/assets/');
const notPages = /^\/(api|v1|s|docs|redoc|openapi\.json|healthz|readyz|metrics)(\/|$)/;

self.addEventListener('install', (event) => {
  const requests = shell.map((path) => new Request(path, { cache: isHashed(path) ? 'default' : 'reload' }));
  event.waitUntil(caches.open(cacheName).then((cache) => cache.addAll(requests)));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) =>
        Promise.all(
          names
            .filter((name) => name.startsWith('portal-shell-') && name !== cacheName)
            .map((name) => caches.delete(name)),
        ),
      )
      .then(() => self.clients.claim()),
  );
});

// The page asks for it, when the person does: a page that is in use is not changed under their hands.
self.addEventListener('message', (event) => {
  if (event.data === 'take-over') self.skipWaiting();
});

const stored = (path) => caches.match(path, { cacheName, ignoreVary: true, ignoreSearch: true });

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin || notPages.test(url.pathname)) return;
  if (request.mode === 'navigate') {
    event.respondWith(fetch(request).catch(async () => (await stored('/')) ?? Response.error()));
  } else if (shell.includes(url.pathname)) {
    event.respondWith(
      isHashed(url.pathname)
        ? stored(url.pathname).then((found) => found ?? fetch(request))
        : fetch(request).catch(async () => (await stored(url.pathname)) ?? Response.error()),
    );
  }
});
