/** One connection to the broker through the portal's address. It comes back by itself, and says so while it is away. */
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import type { ConnectionRead } from '@/lib/apiSchemas';
import { apiUrl } from '@/lib/env';
import { ApiError } from '@/lib/errors';

export type LinkStatus = 'connecting' | 'connected' | 'waiting' | 'refused';

export interface LinkState {
  status: LinkStatus;
  account: ConnectionRead | null;
  /** How often the line broke. */
  breaks: number;
  error: unknown;
}

export interface Arrival {
  topic: string;
  text: string;
}

interface LinkParts {
  open: () => Promise<ConnectionRead>;
  connect?: (url: string, options: IClientOptions) => MqttClient;
  random?: () => number;
}

const longestWaitMs = 10_000;
const soonOverMs = 30_000;
/** "Bad user name or password" and "not authorized": the account is over. */
const accountIsOver = new Set([134, 135]);
/** There is no broker, or one whose accounts the portal does not keep: trying again changes nothing. */
const hopeless = new Set(['mqtt_off', 'mqtt_not_managed']);

/** The broker's address as the browser writes it: the portal's own, by WebSocket. */
export function socketUrl(path: string, here = window.location.href): string {
  const url = new URL(apiUrl(path), here);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

export class MqttLink {
  private state: LinkState = { status: 'connecting', account: null, breaks: 0, error: null };
  private readonly watchers = new Set<() => void>();
  private readonly readers = new Set<(arrival: Arrival) => void>();
  private readonly parts: Required<LinkParts>;
  private client: MqttClient | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private isClosed = false;

  constructor(parts: LinkParts) {
    this.parts = { connect: mqtt.connect, random: Math.random, ...parts };
  }

  readonly getState = () => this.state;

  readonly watch = (onChange: () => void) => {
    this.watchers.add(onChange);
    return () => void this.watchers.delete(onChange);
  };

  readonly read = (reader: (arrival: Arrival) => void) => {
    this.readers.add(reader);
    return () => void this.readers.delete(reader);
  };

  async start(): Promise<void> {
    this.isClosed = false;
    this.set({ status: 'connecting', error: null });
    try {
      const account = this.usableAccount() ?? (await this.parts.open());
      if (this.isClosed) return;
      this.set({ account });
      this.connect(account);
    } catch (error) {
      if (this.isClosed) return;
      if (error instanceof ApiError && hopeless.has(error.code)) this.set({ status: 'refused', error });
      else this.tryLater(error);
    }
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.client?.end(true);
    this.client = null;
  }

  /** Break the line as a bad network would; for seeing what happens then. */
  cut(): void {
    this.client?.stream.destroy();
  }

  /** Whether it could be sent: nothing is kept for later, as the answer would come too late. */
  publish(topic: string, payload: object): boolean {
    if (this.client === null || this.state.status !== 'connected') return false;
    this.client.publish(topic, JSON.stringify(payload), { qos: 1 });
    return true;
  }

  private usableAccount(): ConnectionRead | null {
    const { account } = this.state;
    return account && Date.parse(account.expires_at) - Date.now() > soonOverMs ? account : null;
  }

  private connect(account: ConnectionRead): void {
    const client = this.parts.connect(socketUrl(account.url), {
      clientId: account.client_id,
      username: account.username,
      password: account.password,
      protocolVersion: account.protocol_version,
      clean: true,
      reconnectPeriod: 0,
      connectTimeout: 8_000,
      keepalive: 30,
      // Others would need a worker made of a text, which the page's content security policy forbids.
      timerVariant: 'native',
    });
    this.client = client;
    let reason: unknown = null;
    client.on('connect', () => {
      client.subscribe(`${account.topics.response}#`, { qos: 1 }, (error) => {
        if (error) return client.end(true);
        this.failures = 0;
        this.set({ status: 'connected', error: null });
      });
    });
    client.on('message', (topic, payload) => {
      const arrival = { topic, text: decode(payload) };
      for (const reader of this.readers) reader(arrival);
    });
    client.on('error', (error) => {
      reason = error;
      if ('code' in error && accountIsOver.has(Number(error.code))) this.set({ account: null });
    });
    client.on('close', () => {
      if (this.isClosed || client !== this.client) return;
      this.client = null;
      client.end(true);
      this.set({ breaks: this.state.breaks + (this.state.status === 'connected' ? 1 : 0) });
      this.tryLater(reason);
    });
  }

  private tryLater(error: unknown): void {
    const most = Math.min(longestWaitMs, 250 * 2 ** this.failures++);
    this.set({ status: 'waiting', error });
    this.timer = setTimeout(() => void this.start(), most * (0.5 + this.parts.random() / 2));
  }

  private set(part: Partial<LinkState>): void {
    this.state = { ...this.state, ...part };
    for (const watcher of this.watchers) watcher();
  }
}

const decoder = new TextDecoder();
const decode = (bytes: Uint8Array) => decoder.decode(bytes);
