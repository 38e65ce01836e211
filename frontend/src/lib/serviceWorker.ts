/** Keeps the page's shell at hand without a network, and says when a newer page is there. */

/** `onUpdate` is called with what puts the newer page in place. */
export async function registerServiceWorker(onUpdate: (apply: () => void) => void): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  let registration: ServiceWorkerRegistration;
  try {
    registration = await navigator.serviceWorker.register('/sw.js');
  } catch {
    // Not on this address (plain http, blocked): the page works without.
    return;
  }
  const tell = () => {
    const { waiting } = registration;
    // Without a controller it is the first one: nothing was replaced.
    if (!waiting || !navigator.serviceWorker.controller) return;
    onUpdate(() => {
      navigator.serviceWorker.addEventListener('controllerchange', () => window.location.reload(), {
        once: true,
      });
      waiting.postMessage('take-over');
    });
  };
  tell();
  registration.addEventListener('updatefound', () => {
    const { installing } = registration;
    installing?.addEventListener('statechange', () => installing.state === 'installed' && tell());
  });
  // A tab that stays open for days asks when it is looked at again.
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void registration.update().catch(() => undefined);
  });
}
