import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type NatsConnection, PermissionViolationError, type Subscription } from '@nats-io/transport-node';
import { type Backplane, type BackplaneEvents, ConnectionError } from '@sluice/core';
import { inTime } from '../in-time.ts';
import { connectionOptions, type NatsAccess, type NatsTimeouts } from './connection.ts';
import { PartsBuffer, partsOf } from './parts.ts';
import { subjectToken } from './subject.ts';

export interface NatsBackplaneOptions extends NatsAccess, NatsTimeouts {
  /** In front of every subject, so that several installations can share the servers. */
  readonly prefix: string;
}

interface Interest {
  /** Called when the topic is joined, now or again. */
  readonly joined: () => void;
  readonly subscription: Subscription;
}

/** How long servers of a cluster may take to tell each other of a new subscription; the protocol has no answer for it. */
const PROPAGATION_MS = 50;

/** A server that refused a subject is tried again after this time. */
const REFUSED_MS = 500;

/** No topic of a gateway is called so. */
const RIGHTS_TOPIC = '?';

/** Messages between nodes by NATS. A PONG confirms what was published before its PING. */
export class NatsBackplane implements Backplane {
  readonly #options: NatsBackplaneOptions;
  readonly #interests = new Map<string, Interest>();
  readonly #parts = new PartsBuffer();
  /** Of messages in parts. */
  readonly #sender = randomBytes(8).toString('hex');
  #cutMessages = 0;
  #nats: NatsConnection | null = null;
  #events: BackplaneEvents | null = null;
  #isConnected = false;
  #isClosing = false;
  /** Counts losses: what was asked before one tells nothing about the time after it. */
  #losses = 0;
  /** Why the server does not let this client do what it has to, since the last time that was asked. */
  #refusal: string | null = null;
  /** Published in this turn of the event loop. */
  #unflushed: (() => void)[] = [];
  #joining: [topic: string, interest: Interest][] = [];

  constructor(options: NatsBackplaneOptions) {
    this.#options = options;
  }

  async start(events: BackplaneEvents): Promise<void> {
    const { servers, connectTimeoutMs } = this.#options;
    try {
      const nats = await connect(connectionOptions(this.#options, this.#options));
      this.#nats = nats;
      void this.#follow(nats);
      await inTime(connectTimeoutMs, this.#checkRights(nats));
    } catch (error) {
      await this.close();
      const reason = error instanceof Error ? error.message : String(error);
      throw new ConnectionError(`no connection to NATS at ${servers.join(', ')}: ${reason}`);
    }
    this.#events = events;
    this.#isConnected = true;
    events.connected();
  }

  publish(topic: string, message: Uint8Array, confirmed: () => void): void {
    if (this.#nats === null || !this.#isConnected || this.#isClosing || this.#nats.isClosed()) return;
    const subject = this.#subjectOf(topic);
    const maxPayload = this.#nats.info?.max_payload ?? Number.POSITIVE_INFINITY;
    if (message.length <= maxPayload) {
      this.#nats.publish(subject, message);
    } else {
      const name = `${this.#sender} ${++this.#cutMessages}`;
      for (const { data, headers } of partsOf(message, maxPayload, name))
        this.#nats.publish(subject, data, { headers });
    }
    if (this.#unflushed.length === 0) setImmediate(() => void this.#flush());
    this.#unflushed.push(confirmed);
  }

  join(topic: string, joined: () => void): void {
    const { subscription } = this.#interests.get(topic) ?? { subscription: this.#subscribe(topic) };
    if (subscription === undefined) return;
    const interest = { joined, subscription };
    this.#interests.set(topic, interest);
    if (this.#joining.length === 0) setImmediate(() => void this.#settle(this.#joining.splice(0)));
    this.#joining.push([topic, interest]);
  }

  leave(topic: string): void {
    this.#interests.get(topic)?.subscription.unsubscribe();
    this.#interests.delete(topic);
  }

  async close(): Promise<void> {
    const wasConnected = this.#isConnected;
    this.#isClosing = true;
    this.#isConnected = false;
    if (this.#nats !== null && !this.#nats.isClosed()) {
      if (wasConnected) await inTime(this.#options.timeoutMs, this.#nats.flush()).catch(ignore);
      this.#events = null;
      await inTime(this.#options.timeoutMs, this.#nats.close()).catch(ignore);
    }
    this.#events = null;
  }

  #subscribe(topic: string): Subscription | undefined {
    return this.#nats?.subscribe(this.#subjectOf(topic), {
      callback: (error, message) => {
        if (error !== null) return;
        const whole = this.#parts.add(topic, message);
        if (whole === undefined) return;
        this.#events?.message(topic, Buffer.from(whole.buffer, whole.byteOffset, whole.length));
      },
    });
  }

  /** Rejects, with the server's words, where it does not let this client publish and subscribe. */
  async #checkRights(nats: NatsConnection): Promise<void> {
    const subject = this.#subjectOf(RIGHTS_TOPIC);
    const subscription = nats.subscribe(subject, { callback: () => {} });
    nats.publish(subject);
    if (!(await this.#isTakenUp())) throw new Error(this.#refusal ?? 'the connection was lost again at once');
    subscription.unsubscribe();
  }

  /** What was published before it was asked is confirmed once the server has answered. */
  async #flush(): Promise<void> {
    const confirmed = this.#unflushed;
    this.#unflushed = [];
    if (await this.#isTakenUp()) for (const each of confirmed) each();
  }

  async #settle(joining: readonly (readonly [topic: string, interest: Interest])[]): Promise<boolean> {
    const losses = this.#losses;
    if (!(await this.#isTakenUp())) return false;
    if (this.#hasOthers()) await sleep(PROPAGATION_MS);
    if (losses !== this.#losses) return false;
    for (const [topic, interest] of joining) if (this.#interests.get(topic) === interest) interest.joined();
    return true;
  }

  /** Whether the server is one of several, which do not all tell of each other. */
  #hasOthers(): boolean {
    const { cluster, connect_urls: urls = [] } = this.#nats?.info ?? {};
    return cluster !== undefined || urls.length > 1 || this.#options.servers.length > 1;
  }

  /** Whether the server has taken up everything so far, and refused none of it. */
  async #isTakenUp(): Promise<boolean> {
    const losses = this.#losses;
    try {
      await this.#nats?.flush();
    } catch {
      return false;
    }
    // What the server refused it says before its answer, but the client tells of it later.
    await new Promise((resolve) => setImmediate(resolve));
    return losses === this.#losses;
  }

  async #follow(nats: NatsConnection): Promise<void> {
    let reason = 'the connection was closed';
    for await (const status of nats.status()) {
      if (status.type === 'error') {
        reason = status.error.message;
        if (status.error instanceof PermissionViolationError) this.#refused(nats, reason);
      } else if (status.type === 'staleConnection') reason = `no answer in ${this.#options.timeoutMs} ms`;
      else if (status.type === 'disconnect') this.#lost(reason);
      else if (status.type === 'reconnect') void this.#back(nats);
    }
  }

  /** The connection stands, but a subject is not allowed: what was published on it is lost. */
  #refused(nats: NatsConnection, reason: string): void {
    if (this.#refusal === null) setTimeout(() => void this.#back(nats), REFUSED_MS).unref();
    this.#refusal = reason;
    this.#lost(reason);
  }

  #lost(reason: string): void {
    this.#losses++;
    this.#parts.clear();
    if (!this.#isConnected || this.#isClosing) return;
    this.#isConnected = false;
    this.#unflushed = [];
    this.#joining = [];
    this.#events?.disconnected(reason);
  }

  /** The client has subscribed to everything again, but for what was refused. */
  async #back(nats: NatsConnection): Promise<void> {
    this.#refusal = null;
    if (this.#isClosing || nats.isClosed()) return;
    this.#subscribeRefused();
    if (!(await this.#settle([...this.#interests])) || this.#isConnected) return;
    this.#isConnected = !this.#isClosing && this.#events !== null;
    if (this.#isConnected) this.#events?.connected();
  }

  #subscribeRefused(): void {
    for (const [topic, { joined, subscription }] of this.#interests) {
      const again = subscription.isClosed() ? this.#subscribe(topic) : undefined;
      if (again !== undefined) this.#interests.set(topic, { joined, subscription: again });
    }
  }

  #subjectOf(topic: string): string {
    return this.#options.prefix + subjectToken(topic);
  }
}

function ignore(): void {
  // The connection is given up either way.
}
