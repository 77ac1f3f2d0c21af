import { connect, type ConnectionOptions, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { type Backplane, type BackplaneEvents, ConnectionError } from '@sluice/core';
import { inTime } from '../in-time.ts';
import { subjectToken } from './subject.ts';

export interface NatsBackplaneOptions {
  /** `host:port` or `nats://host:port`, of one server or of several that form a cluster. */
  readonly servers: readonly string[];
  readonly user: string | null;
  readonly password: string | null;
  readonly token: string | null;
  /** PEM of those who may have signed the servers' certificates; null: TLS only where a server asks for it. */
  readonly tlsCa: string | null;
  /** In front of every subject, so that several installations can share the servers. */
  readonly prefix: string;
  /** A server that does not answer for so long counts as gone. */
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
}

interface Interest {
  /** Called when the topic is joined, now or again. */
  readonly joined: () => void;
  readonly subscription: Subscription;
}

/** Two unanswered pings end a connection. */
const PINGS = 2;
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1000;

/** How long servers of a cluster may take to tell each other of a new subscription; the protocol has no answer for it. */
const PROPAGATION_MS = 50;

/** Messages between nodes by NATS. A PONG confirms what was published before its PING. */
export class NatsBackplane implements Backplane {
  readonly #options: NatsBackplaneOptions;
  readonly #interests = new Map<string, Interest>();
  #nats: NatsConnection | null = null;
  #events: BackplaneEvents | null = null;
  #isConnected = false;
  #isClosing = false;
  /** Published in this turn of the event loop. */
  #unflushed: (() => void)[] = [];
  #joining: [topic: string, interest: Interest][] = [];
  /** Bytes published whose PONG has not come. */
  #queuedBytes = 0;

  constructor(options: NatsBackplaneOptions) {
    this.#options = options;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  async start(events: BackplaneEvents): Promise<void> {
    this.#events = events;
    try {
      this.#nats = await connect(connectionOptions(this.#options));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ConnectionError(`no connection to NATS at ${this.#options.servers.join(', ')}: ${reason}`);
    }
    void this.#follow(this.#nats);
    this.#isConnected = true;
    events.connected();
  }

  publish(topic: string, message: Uint8Array, confirmed: () => void): void {
    if (this.#nats === null || !this.#isConnected || this.#isClosing) return;
    this.#nats.publish(this.#subjectOf(topic), message);
    if (this.#unflushed.length === 0) setImmediate(() => void this.#flush());
    this.#unflushed.push(confirmed);
    this.#queuedBytes += message.length;
  }

  join(topic: string, joined: () => void): void {
    const { subscription } = this.#interests.get(topic) ?? { subscription: this.#subscribe(topic) };
    if (subscription === undefined) return;
    const interest = { joined, subscription };
    this.#interests.set(topic, interest);
    if (!this.#isConnected) return;
    if (this.#joining.length === 0) setImmediate(() => void this.#settle(this.#joining.splice(0)));
    this.#joining.push([topic, interest]);
  }

  leave(topic: string): void {
    this.#interests.get(topic)?.subscription.unsubscribe();
    this.#interests.delete(topic);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#isConnected = false;
    if (this.#nats !== null && !this.#nats.isClosed()) {
      await inTime(this.#options.timeoutMs, this.#nats.flush()).catch(ignore);
      this.#events = null;
      await inTime(this.#options.timeoutMs, this.#nats.close()).catch(ignore);
    }
    this.#events = null;
  }

  #subscribe(topic: string): Subscription | undefined {
    return this.#nats?.subscribe(this.#subjectOf(topic), {
      callback: (error, message) => {
        if (error !== null) return;
        const { buffer, byteOffset, length } = message.data;
        this.#events?.message(topic, Buffer.from(buffer, byteOffset, length));
      },
    });
  }

  /** What was published before it was asked is confirmed once the server has answered. */
  async #flush(): Promise<void> {
    const confirmed = this.#unflushed;
    const bytes = this.#queuedBytes;
    this.#unflushed = [];
    if (await this.#answered()) for (const each of confirmed) each();
    this.#queuedBytes = Math.max(0, this.#queuedBytes - bytes);
  }

  async #settle(joining: readonly (readonly [topic: string, interest: Interest])[]): Promise<boolean> {
    if (!(await this.#answered())) return false;
    const others = this.#nats?.info?.connect_urls?.length ?? 0;
    if (others > 1) await new Promise((resolve) => setTimeout(resolve, PROPAGATION_MS));
    for (const [topic, interest] of joining) if (this.#interests.get(topic) === interest) interest.joined();
    return true;
  }

  /** Whether the server has taken up everything so far, in the connection that there is now. */
  async #answered(): Promise<boolean> {
    const connection = this.#isConnected || this.#isClosing ? this.#nats : null;
    if (connection === null) return false;
    try {
      await connection.flush();
      return true;
    } catch {
      return false;
    }
  }

  async #follow(nats: NatsConnection): Promise<void> {
    let reason = 'the connection was closed';
    for await (const status of nats.status()) {
      if (status.type === 'error') reason = status.error.message;
      else if (status.type === 'staleConnection') reason = `no answer in ${this.#options.timeoutMs} ms`;
      else if (status.type === 'disconnect') this.#lost(reason);
      else if (status.type === 'reconnect') void this.#back(nats);
    }
  }

  #lost(reason: string): void {
    if (!this.#isConnected || this.#isClosing) return;
    this.#isConnected = false;
    this.#unflushed = [];
    this.#joining = [];
    this.#queuedBytes = 0;
    this.#events?.disconnected(reason);
  }

  /** The client has subscribed to everything again. */
  async #back(nats: NatsConnection): Promise<void> {
    try {
      await nats.flush();
    } catch {
      return;
    }
    if (this.#isClosing || this.#isConnected) return;
    this.#isConnected = true;
    await this.#settle([...this.#interests]);
    if (this.#isStill(nats)) this.#events?.connected();
  }

  #isStill(nats: NatsConnection): boolean {
    return this.#isConnected && this.#nats === nats;
  }

  #subjectOf(topic: string): string {
    return this.#options.prefix + subjectToken(topic);
  }
}

function connectionOptions(options: NatsBackplaneOptions): ConnectionOptions {
  const { servers, user, password, token, tlsCa, timeoutMs, connectTimeoutMs } = options;
  let attempt = 0;
  return {
    servers: [...servers],
    noEcho: true,
    timeout: connectTimeoutMs,
    maxReconnectAttempts: -1,
    pingInterval: Math.max(100, Math.floor(timeoutMs / (PINGS + 1))),
    maxPingOut: PINGS,
    reconnectDelayHandler: () => {
      const ms = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt++, 10));
      return ms / 2 + (Math.random() * ms) / 2;
    },
    ...(user === null ? {} : { user }),
    ...(password === null ? {} : { pass: password }),
    ...(token === null ? {} : { token }),
    ...(tlsCa === null ? {} : { tls: { ca: tlsCa } }),
  };
}

function ignore(): void {
  // The connection is given up either way.
}
