import type { Duplex } from 'node:stream';
import { inTime } from '../in-time.ts';
import type { PubSubCommands } from './commands.ts';
import { createClient, type RedisConnection } from './connection.ts';
import { WatchedClient } from './watched-client.ts';

export interface LinkOptions {
  readonly connection: RedisConnection;
  readonly commands: PubSubCommands;
  /** A server that does not answer for so long counts as gone. */
  readonly timeoutMs: number;
}

export interface LinkEvents {
  message(channel: Buffer, message: Buffer): void;
  /** Messages go both ways, and all channels are joined. */
  ready(): void;
  /** What was under way may be lost. Called once for each `ready`. */
  gone(reason: string): void;
}

/** Who is called when a channel is joined, now or again. */
interface Interest {
  readonly joined: () => void;
}

/** Channels that are subscribed to in one command. */
const CHANNELS_AT_ONCE = 500;

/** A server that refused what has to work is asked again after this time. */
const REFUSED_MS = 500;

/** One server and two connections to it: one to publish, whose answers confirm, and one to listen. */
export class PubSubLink {
  readonly #options: LinkOptions;
  readonly #events: LinkEvents;
  readonly #publisher: WatchedClient;
  readonly #subscriber: WatchedClient;
  readonly #channels = new Map<string, Interest>();
  /** Channels that the server was not told of in this connection. */
  #toJoin = new Set<string>();
  /** Counts how often everything had to begin anew: answers to what was asked before count no more. */
  #beginning = 0;
  /** The publisher's connection while it gathers. */
  #held: Duplex | null = null;
  #isReady = false;
  #isEnded = false;
  /** Until the server, which refused something, is asked again. */
  #refusal: NodeJS.Timeout | null = null;
  #settleFirst: { readonly resolve: () => void; readonly reject: (error: Error) => void } | null = null;

  constructor(options: LinkOptions, events: LinkEvents) {
    this.#options = options;
    this.#events = events;
    this.#publisher = this.#createClient();
    this.#subscriber = this.#createClient();
    const { redis } = this.#subscriber;
    redis.on(options.commands.messageEvent, (channel: Buffer, message: Buffer) => events.message(channel, message));
    // A slot has gone to another master, and its channels with it.
    redis.on('moved', () => this.#refused(new Error('a slot has moved to another master')));
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** For questions beside the messages. */
  get redis(): WatchedClient['redis'] {
    return this.#publisher.redis;
  }

  /** Resolves when it is ready. Rejects where that fails the first time; it is tried on all the same, until `end`. */
  connect(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settleFirst = { resolve, reject };
      Promise.all([this.#publisher.connect(), this.#subscriber.connect()]).catch(reject);
    });
  }

  /** Rejects, with the server's words, where it does not let this user publish and subscribe. */
  async checkRights(channel: string): Promise<void> {
    const { commands } = this.#options;
    const asked = [
      commands.subscribe(this.#subscriber.redis, [channel]),
      commands.unsubscribe(this.#subscriber.redis, channel),
      commands.publish(this.#publisher.redis, channel, Buffer.alloc(0)),
    ];
    await inTime(this.#options.timeoutMs, Promise.all(asked));
  }

  publish(channel: string, message: Uint8Array, confirmed: () => void): void {
    if (!this.#isReady) return;
    this.#hold();
    const body = Buffer.from(message.buffer, message.byteOffset, message.length);
    this.#options.commands
      .publish(this.#publisher.redis, channel, body)
      .then(confirmed, (error: unknown) => this.#refused(error));
  }

  /** What a turn of the event loop publishes leaves in one write: sixteen of them cost 3.4 µs each instead of 6.0. */
  #hold(): void {
    const { stream } = this.#publisher.redis;
    if (stream === this.#held) return;
    this.#held = stream;
    stream.cork();
    queueMicrotask(() => {
      this.#held = null;
      stream.uncork();
    });
  }

  join(channel: string, joined: () => void): void {
    this.#channels.set(channel, { joined });
    if (this.#toJoin.size === 0) setImmediate(() => void this.#joinRest(this.#beginning));
    this.#toJoin.add(channel);
  }

  leave(channel: string): void {
    if (!this.#channels.delete(channel)) return;
    // Also one that is to be joined again may be joined still.
    this.#toJoin.delete(channel);
    if (!this.#subscriber.isReady) return;
    this.#options.commands.unsubscribe(this.#subscriber.redis, channel).catch(ignore);
  }

  /** Everything is joined anew; ready again, without having said `gone`, when that is done. */
  async begin(): Promise<void> {
    const beginning = ++this.#beginning;
    this.#isReady = false;
    this.#forgetRefusal();
    if (!this.#publisher.isReady || !this.#subscriber.isReady) return;
    this.#toJoin = new Set(this.#channels.keys());
    if (!(await this.#joinRest(beginning))) return;
    this.#isReady = true;
    this.#settleFirst?.resolve();
    this.#events.ready();
  }

  /** Resolves when the server has what was published; in vain after the timeout. */
  async drain(): Promise<void> {
    // An answer to it comes behind the answers to all that was published.
    if (this.#isReady) await inTime(this.#options.timeoutMs, this.#publisher.redis.ping()).catch(ignore);
  }

  end(): void {
    this.#isEnded = true;
    this.#isReady = false;
    this.#beginning++;
    this.#forgetRefusal();
    this.#publisher.end();
    this.#subscriber.end();
  }

  #createClient(): WatchedClient {
    const { connection, timeoutMs } = this.#options;
    return new WatchedClient(createClient(connection, timeoutMs), timeoutMs, {
      ready: () => void this.begin(),
      gone: (reason) => {
        this.#beginning++;
        this.#failed(reason);
      },
    });
  }

  /** False: something has come between, and all begins anew. */
  async #joinRest(beginning: number): Promise<boolean> {
    while (beginning === this.#beginning && this.#subscriber.isReady && this.#toJoin.size > 0) {
      const channels = [...this.#toJoin].slice(0, CHANNELS_AT_ONCE);
      const interests = channels.map((channel) => this.#channels.get(channel));
      for (const channel of channels) this.#toJoin.delete(channel);
      try {
        await this.#options.commands.subscribe(this.#subscriber.redis, channels);
      } catch (error) {
        if (beginning === this.#beginning) this.#refused(error);
        return false;
      }
      if (beginning !== this.#beginning) return false;
      // One that was left meanwhile, and joined again, is told by the answer to its own command.
      for (const [i, channel] of channels.entries()) {
        const interest = interests[i];
        if (interest !== undefined && this.#channels.get(channel) === interest) interest.joined();
      }
    }
    return beginning === this.#beginning;
  }

  /** The connections stand, but the server does not do what has to work: it has no rights for it, or is no master any more. */
  #refused(error: unknown): void {
    if (this.#isEnded || this.#refusal !== null || !this.#publisher.isReady || !this.#subscriber.isReady) return;
    this.#beginning++;
    this.#refusal = setTimeout(() => void this.begin(), REFUSED_MS);
    this.#refusal.unref();
    this.#failed(error instanceof Error ? error.message : String(error));
  }

  #forgetRefusal(): void {
    if (this.#refusal !== null) clearTimeout(this.#refusal);
    this.#refusal = null;
  }

  #failed(reason: string): void {
    this.#settleFirst?.reject(new Error(reason));
    if (!this.#isReady) return;
    this.#isReady = false;
    this.#events.gone(reason);
  }
}

function ignore(): void {
  // What was not confirmed is sent again, and channels are joined again, when the link is ready again.
}
