import type { IClientOptions, MqttClient } from 'mqtt';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ConnectionRead } from '@/lib/apiSchemas';
import { ApiError } from '@/lib/errors';
import { MqttLink, socketUrl } from './mqttLink';

type Listener = (...values: unknown[]) => void;

/** A broker's client whose events the test makes. */
class FakeClient {
  readonly sent: [string, string][] = [];
  readonly stream = { destroy: () => this.emit('close') };
  private readonly listeners = new Map<string, Listener>();
  constructor(readonly options: IClientOptions) {}
  on(name: string, listener: Listener) {
    this.listeners.set(name, listener);
  }
  emit(name: string, ...values: unknown[]) {
    this.listeners.get(name)?.(...values);
  }
  subscribe(_topic: string, _options: object, done: (error: Error | null) => void) {
    done(null);
  }
  publish(topic: string, payload: string) {
    this.sent.push([topic, payload]);
  }
  end() {}
}

const bytes = (text: string) => new TextEncoder().encode(text);
let opened = 0;
let clients: FakeClient[] = [];
const account = (minutes = 60, version: 4 | 5 = 5): ConnectionRead => ({
  url: '/mqtt',
  protocol_version: version,
  client_id: `page-${++opened}`,
  username: `page-${opened}`,
  password: 'ppm_x',
  expires_at: new Date(Date.now() + minutes * 60_000).toISOString(),
  topics: { request: 'q', response: 'r/', cancel: 'c/', status: 's', projects: {} },
});

function makeLink(open: () => Promise<ConnectionRead> = async () => account()) {
  const connect = (_url: string, options: IClientOptions) => {
    const client = new FakeClient(options);
    clients.push(client);
    return client as unknown as MqttClient;
  };
  return new MqttLink({ open, connect, random: () => 1 });
}

beforeEach(() => {
  vi.useFakeTimers();
  opened = 0;
  clients = [];
});
afterEach(() => vi.useRealTimers());

test('the address is the page’s own, by WebSocket', () => {
  expect(socketUrl('/mqtt', 'https://portal.example/playground?x=1')).toBe('wss://portal.example/mqtt');
  expect(socketUrl('/mqtt', 'http://127.0.0.1:8000/')).toBe('ws://127.0.0.1:8000/mqtt');
});

test('a line that breaks comes back by itself with the same account, and says so meanwhile', async () => {
  const link = makeLink();
  await link.start();
  expect(link.getState().status).toBe('connecting');
  clients[0]?.emit('connect');
  expect(link.getState().status).toBe('connected');
  link.cut();
  expect(link.getState()).toMatchObject({ status: 'waiting', breaks: 1 });
  expect(link.publish('q', {})).toBe(false);
  await vi.advanceTimersByTimeAsync(250);
  clients[1]?.emit('connect');
  expect(link.getState().status).toBe('connected');
  expect(clients.map((client) => client.options.clientId)).toEqual(['page-1', 'page-1']);
});

test('it waits longer from try to try, and asks for a new account when the old one is over', async () => {
  const link = makeLink();
  await link.start();
  for (const wait of [250, 500, 1000]) {
    clients.at(-1)?.emit('close');
    await vi.advanceTimersByTimeAsync(wait - 1);
    const before = clients.length;
    await vi.advanceTimersByTimeAsync(1);
    expect(clients.length).toBe(before + 1);
  }
  clients.at(-1)?.emit('error', Object.assign(new Error('Connection refused'), { code: 135 }));
  clients.at(-1)?.emit('close');
  await vi.advanceTimersByTimeAsync(2_000);
  expect(clients.at(-1)?.options.clientId).toBe('page-2');
  await vi.advanceTimersByTimeAsync(3_600_000);
  clients.at(-1)?.emit('close');
  await vi.advanceTimersByTimeAsync(4_000);
  expect(clients.at(-1)?.options.clientId).toBe('page-3');
});

test('where there is no broker it does not try again; where the portal is away it does', async () => {
  const refusal = new ApiError(409, { code: 'mqtt_off', message: 'There is no broker.' });
  const link = makeLink(() => Promise.reject(refusal));
  await link.start();
  expect(link.getState()).toMatchObject({ status: 'refused', error: refusal });
  const open = vi.fn(() => Promise.reject(new Error('away')));
  await makeLink(open).start();
  await vi.advanceTimersByTimeAsync(300);
  expect(open).toHaveBeenCalledTimes(2);
});

test('what arrives is read, and what is sent goes out; the protocol is the broker’s', async () => {
  const link = makeLink(async () => account(60, 4));
  const read = vi.fn();
  link.read(read);
  await link.start();
  expect(clients[0]?.options.protocolVersion).toBe(4);
  clients[0]?.emit('connect');
  clients[0]?.emit('message', 'r/maze/7', bytes('Go left.'), {});
  expect(read.mock.calls).toEqual([[{ topic: 'r/maze/7', text: 'Go left.' }]]);
  expect(link.publish('q', { a: 1 })).toBe(true);
  expect(clients[0]?.sent).toEqual([['q', '{"a":1}']]);
  link.close();
  clients[0]?.emit('close');
  expect(link.getState().status).toBe('connected');
});
