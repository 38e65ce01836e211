import { afterEach, expect, test, vi } from 'vitest';
import { registerServiceWorker } from './serviceWorker';

class Worker extends EventTarget {
  state = 'installing';
  postMessage = vi.fn();
}

function stubContainer(controller: object | null) {
  const registration = Object.assign(new EventTarget(), {
    waiting: null as Worker | null,
    installing: null as Worker | null,
    update: vi.fn(async () => undefined),
  });
  const container = Object.assign(new EventTarget(), {
    controller,
    register: vi.fn(async () => registration),
  });
  vi.stubGlobal('navigator', { serviceWorker: container });
  const install = () => {
    const worker = new Worker();
    registration.installing = worker;
    registration.dispatchEvent(new Event('updatefound'));
    registration.waiting = worker;
    worker.state = 'installed';
    worker.dispatchEvent(new Event('statechange'));
    return worker;
  };
  return { container, registration, install };
}

afterEach(() => vi.unstubAllGlobals());

test('the first worker is no news; a later one is, and takes over only when asked', async () => {
  const first = stubContainer(null);
  const onUpdate = vi.fn();
  await registerServiceWorker(onUpdate);
  first.install();
  expect(onUpdate).not.toHaveBeenCalled();

  const later = stubContainer({});
  await registerServiceWorker(onUpdate);
  const worker = later.install();
  expect(onUpdate).toHaveBeenCalledTimes(1);
  expect(worker.postMessage).not.toHaveBeenCalled();
  const reload = vi.spyOn(window.location, 'reload').mockImplementation(() => undefined);
  later.container.dispatchEvent(new Event('controllerchange'));
  expect(reload).not.toHaveBeenCalled();
  onUpdate.mock.calls[0]?.[0]();
  expect(worker.postMessage).toHaveBeenCalledExactlyOnceWith('take-over');
  later.container.dispatchEvent(new Event('controllerchange'));
  expect(reload).toHaveBeenCalledTimes(1);
});

test('where there are no service workers the page goes on without', async () => {
  vi.stubGlobal('navigator', {});
  await expect(registerServiceWorker(() => undefined)).resolves.toBeUndefined();
});
