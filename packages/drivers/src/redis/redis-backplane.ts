import { type Backplane, type BackplaneEvents, ConnectionError } from '@sluice/core';
import { createClient, describeConnection, type RedisConnection } from './connection.ts';
import { WatchedClient } from './watched-client.ts';

export interface RedisBackplaneOptions {
  readonly connection: RedisConnection;
  /** In front of every topic, so that several installations can share a Redis. */
  readonly prefix: string;
  /** A server that does not answer for so long counts as gone. */
  readonly timeoutMs: number;
}

interface Interest {
  /** Called when the topic is joined, now or again. */
  readonly joined: () => void;
}

/** Topics that are subscribed to in one command. */
const TOPICS_AT_ONCE = 500;

/** Messages between nodes by Redis' PUBLISH and SUBSCRIBE: one connection to publish, whose answers confirm, and one to listen. */
export class RedisBackplane implements Backplane {
  readonly #options: RedisBackplaneOptions;
  readonly #publisher: WatchedClient;
  readonly #subscriber: WatchedClient;
  readonly #topics = new Map<string, Interest>();
  #toJoin: string[] = [];
  #events: BackplaneEvents | null = null;
  #isConnected = false;
  /** The subscriber has all topics again. */
  #isSubscribed = false;
  #isClosing = false;

  constructor(options: RedisBackplaneOptions) {
    this.#options = options;
    const { connection, timeoutMs } = options;
    const gone = (reason: string): void => this.#gone(reason);
    this.#publisher = new WatchedClient(createClient(connection, timeoutMs), timeoutMs, {
      ready: () => this.#check(),
      gone,
    });
    this.#subscriber = new WatchedClient(createClient(connection, timeoutMs), timeoutMs, {
      ready: () => void this.#subscribeAll(),
      gone: (reason) => {
        this.#isSubscribed = false;
        gone(reason);
      },
    });
    const prefixBytes = Buffer.byteLength(options.prefix);
    this.#subscriber.redis.on('messageBuffer', (channel: Buffer, message: Buffer) => {
      this.#events?.message(channel.toString('utf8', prefixBytes), message);
    });
  }

  get queuedBytes(): number {
    return this.#publisher.redis.stream?.writableLength ?? 0;
  }

  async start(events: BackplaneEvents): Promise<void> {
    this.#events = events;
    try {
      await Promise.all([this.#publisher.connect(), this.#subscriber.connect()]);
    } catch (error) {
      this.#end();
      const reason = error instanceof Error ? error.message : String(error);
      throw new ConnectionError(`no connection to Redis at ${describeConnection(this.#options.connection)}: ${reason}`);
    }
  }

  publish(topic: string, message: Uint8Array, confirmed: () => void): void {
    if (!this.#publisher.isReady) return;
    const body = Buffer.from(message.buffer, message.byteOffset, message.length);
    this.#publisher.redis.publish(this.#options.prefix + topic, body).then(confirmed, ignore);
  }

  join(topic: string, joined: () => void): void {
    const isNew = !this.#topics.has(topic);
    this.#topics.set(topic, { joined });
    if (!isNew || !this.#subscriber.isReady) return;
    if (this.#toJoin.length === 0) setImmediate(() => void this.#subscribe(this.#toJoin.splice(0)));
    this.#toJoin.push(topic);
  }

  leave(topic: string): void {
    if (!this.#topics.delete(topic)) return;
    const waiting = this.#toJoin.indexOf(topic);
    if (waiting !== -1) this.#toJoin.splice(waiting, 1);
    else if (this.#subscriber.isReady) this.#subscriber.redis.unsubscribe(this.#options.prefix + topic).catch(ignore);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    // An answer to it comes behind the answers to all that was published.
    if (this.#publisher.isReady) await this.#publisher.redis.ping().catch(ignore);
    this.#end();
  }

  #end(): void {
    this.#isClosing = true;
    this.#events = null;
    this.#publisher.end();
    this.#subscriber.end();
  }

  /** After a connection was made: all topics, before anybody is told that it is there. */
  async #subscribeAll(): Promise<void> {
    this.#toJoin = [];
    const topics = [...this.#topics.keys()];
    for (let i = 0; i < topics.length; i += TOPICS_AT_ONCE) {
      if (!(await this.#subscribe(topics.slice(i, i + TOPICS_AT_ONCE)))) return;
    }
    this.#isSubscribed = this.#subscriber.isReady;
    this.#check();
  }

  /** False: the connection broke; all is joined anew when it is back. */
  async #subscribe(topics: readonly string[]): Promise<boolean> {
    if (topics.length === 0) return true;
    const interests = topics.map((topic) => this.#topics.get(topic));
    try {
      await this.#subscriber.redis.subscribe(...topics.map((topic) => this.#options.prefix + topic));
    } catch {
      return false;
    }
    // One that was left meanwhile, and joined again, is told by the answer to its own command.
    for (const [i, topic] of topics.entries()) {
      const interest = interests[i];
      if (interest !== undefined && this.#topics.get(topic) === interest) interest.joined();
    }
    return true;
  }

  #check(): void {
    if (this.#isConnected || !this.#isSubscribed || !this.#publisher.isReady) return;
    this.#isConnected = true;
    this.#events?.connected();
  }

  #gone(reason: string): void {
    if (!this.#isConnected) return;
    this.#isConnected = false;
    if (!this.#isClosing) this.#events?.disconnected(reason);
  }
}

function ignore(): void {
  // The gateway sends again what was not confirmed, and topics are joined again, when the connection is back.
}
