import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import Publisher from 'pusher';
import type { ClientOptions } from 'ws';
import { AuthEndpoint } from './clients/auth-endpoint.ts';
import { urlOf } from './clients/endpoint-url.ts';
import { HttpClient, type HttpClientOptions } from './clients/http-client.ts';
import { PusherClient, type PusherClientOptions } from './clients/pusher-client.ts';
import { PusherSocket } from './clients/pusher-socket.ts';
import type { Aside } from './clients/raw-socket.ts';
import { TcpProxy } from './clients/tcp-proxy.ts';
import { WebhookInbox } from './clients/webhook-inbox.ts';
import { SkipRow } from './skip-row.ts';
import type { AppCredentials, Endpoint, Need, Provisions, Target } from './target.ts';
import { Transcript } from './transcript.ts';

const POLL_MS = 20;
const OPENED_AT_ONCE = 50;

export interface OpenOptions {
  readonly endpoint?: Endpoint;
  readonly app?: AppCredentials;
  /** Where the handshake goes, with its query; the app's path with `query` if it is left out. */
  readonly path?: string;
  readonly query?: string;
  readonly ws?: ClientOptions;
  /** Frames that the row takes among the others, which would be set aside. */
  readonly inOrder?: readonly Aside[];
}

export interface RowContextOptions {
  readonly rowId: string;
  readonly target: Target;
  /** Close codes of all rows of this run. */
  readonly closeCodes: number[];
}

/** What one row may use; everything it opened is closed after it. */
export class RowContext implements AsyncDisposable {
  readonly target: Target;
  readonly transcript = new Transcript();
  readonly closeCodes: readonly number[];
  readonly #options: RowContextOptions;
  readonly #suffix: string;
  readonly #cleanups: (() => void | Promise<void>)[] = [];
  #names = 0;
  #sockets = 0;
  #clients = 0;

  constructor(options: RowContextOptions) {
    this.#options = options;
    this.target = options.target;
    this.closeCodes = options.closeCodes;
    this.#suffix = `${options.rowId.toLowerCase()}-${randomBytes(4).toString('hex')}`;
  }

  /** A channel name that no other row has, nor this one at another call. */
  channel(prefix = ''): string {
    return `${prefix}${this.#suffix}-${++this.#names}`;
  }

  provision<N extends Need>(need: N): Provisions[N] {
    const provision = this.target.provides[need];
    if (provision === undefined) throw new Error(`the row uses '${need}' without naming it in needs`);
    return provision;
  }

  /** Opens a socket and waits for nothing. */
  open(options: OpenOptions = {}): PusherSocket {
    const {
      endpoint = this.target.endpoint,
      app = this.target.app,
      query = 'protocol=7&client=conformance&version=1.0',
    } = options;
    const path = options.path ?? `/app/${app.key}?${query}`;
    const socket = new PusherSocket({
      url: urlOf('ws', endpoint, path),
      name: `ws${++this.#sockets}`,
      transcript: this.transcript,
      onClose: (code) => this.#options.closeCodes.push(code),
      app,
      ...(options.ws === undefined ? {} : { ws: options.ws }),
      ...(options.inOrder === undefined ? {} : { inOrder: options.inOrder }),
    });
    this.onCleanup(() => socket.terminate());
    return socket;
  }

  /** Opens a socket and takes its greeting. */
  async connect(options: OpenOptions = {}): Promise<PusherSocket> {
    const socket = this.open(options);
    await socket.greeted();
    return socket;
  }

  /** Opens a socket that is signed in as a user. */
  async connectAs(user: Readonly<Record<string, unknown>>, options: OpenOptions = {}): Promise<PusherSocket> {
    const socket = await this.connect(options);
    await socket.signIn(user);
    return socket;
  }

  /** Opens several sockets, to endpoints in turn: with several processes behind them, to different ones. */
  async connectMany(
    count: number,
    endpoints: readonly Endpoint[] = [this.target.endpoint],
    options: OpenOptions = {},
  ): Promise<PusherSocket[]> {
    const sockets: PusherSocket[] = [];
    while (sockets.length < count) {
      const more = Math.min(OPENED_AT_ONCE, count - sockets.length);
      const next = Array.from({ length: more }, (_, i) => {
        const endpoint = endpoints[(sockets.length + i) % endpoints.length];
        return this.connect(endpoint === undefined ? options : { ...options, endpoint });
      });
      sockets.push(...(await Promise.all(next)));
    }
    return sockets;
  }

  /** Opens sockets spread over the processes of the server, as far as it is known to have several. */
  spread(count: number, options: OpenOptions = {}): Promise<PusherSocket[]> {
    return this.connectMany(count, this.target.provides['several-processes']?.endpoints, options);
  }

  /** Waits until all processes of the server know how many are subscribed. */
  async settled(): Promise<void> {
    await sleep(this.target.provides['several-processes']?.settleMs ?? 0);
  }

  /** Waits until a connection is admitted by an app or server that takes only so many. */
  async connectWhenFree(options: OpenOptions): Promise<PusherSocket> {
    return this.eventually('a free place for the connection', async () => {
      const socket = this.open(options);
      try {
        await socket.greeted();
        return socket;
      } catch {
        return undefined;
      }
    });
  }

  http(options: Partial<Omit<HttpClientOptions, 'transcript'>> = {}): HttpClient {
    const { app = this.target.app, endpoint = this.target.endpoint, ...rest } = options;
    return new HttpClient({ app, endpoint, transcript: this.transcript, ...rest });
  }

  /** Makes all requests go over one connection, and so to one process, one after the other. */
  oneConnection(): Agent {
    const options = { keepAlive: true, maxSockets: 1 };
    const agent = this.target.endpoint.secure === true ? new HttpsAgent(options) : new Agent(options);
    this.onCleanup(() => agent.destroy());
    return agent;
  }

  /** Pusher's HTTP library for Node. */
  publisher(encryptionMasterKeyBase64?: string): Publisher {
    const { endpoint, app } = this.target;
    return new Publisher({
      appId: app.id,
      key: app.key,
      secret: app.secret,
      // The library has no option for a prefix. It puts this before the path that it signs, which has none.
      host: urlOf('http', endpoint, '').replace(/^https?:\/\//, ''),
      useTLS: endpoint.secure ?? false,
      ...(encryptionMasterKeyBase64 === undefined ? {} : { encryptionMasterKeyBase64 }),
    });
  }

  /** pusher-js; connects at once. */
  pusher(options: Partial<Omit<PusherClientOptions, 'name' | 'transcript'>> = {}): PusherClient {
    const client = new PusherClient({
      endpoint: this.target.endpoint,
      app: this.target.app,
      ...options,
      name: `pusher${++this.#clients}`,
      transcript: this.transcript,
    });
    this.onCleanup(() => client.pusher.disconnect());
    return client;
  }

  async proxy(upstream: Endpoint = this.target.endpoint): Promise<TcpProxy> {
    if (upstream.secure === true) throw new SkipRow('it looks into the connection, which is behind TLS');
    const proxy = await TcpProxy.to(upstream);
    this.onCleanup(() => proxy.close());
    return proxy;
  }

  async authEndpoint(status: number): Promise<AuthEndpoint> {
    const endpoint = await AuthEndpoint.answering(status);
    this.onCleanup(() => endpoint.close());
    return endpoint;
  }

  /** What this row is told by webhooks from now on, at one path or at that of the main app's webhook. */
  webhooks(path: string | null = this.provision('webhooks').path): WebhookInbox {
    const { receiver } = this.provision('webhooks');
    const inbox = new WebhookInbox({ mark: this.#suffix, path, transcript: this.transcript });
    receiver.add(inbox);
    this.onCleanup(() => receiver.remove(inbox));
    return inbox;
  }

  /** Waits for a condition to give something; a second is what the statements allow. */
  async eventually<T>(what: string, condition: () => Promise<T | undefined>, withinMs = 1000): Promise<T> {
    const endsAt = performance.now() + withinMs;
    for (;;) {
      const value = await condition();
      if (value !== undefined) return value;
      if (performance.now() > endsAt) throw new Error(`waited ${withinMs} ms in vain for ${what}`);
      await sleep(POLL_MS);
    }
  }

  /** Run when the row is over, the latest first. */
  onCleanup(cleanup: () => void | Promise<void>): void {
    this.#cleanups.push(cleanup);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup();
  }
}
