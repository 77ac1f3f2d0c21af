import type { Redis } from 'ioredis';

export interface WatchedClientEvents {
  /** The connection is there, and can be used. */
  ready(): void;
  /** The connection is gone, or the other end has not answered in time. Called once for each `ready`. */
  gone(reason: string): void;
}

const REVIVE_MS = 500;

/**
 * One client and whether it can be used. A server that does not answer counts as gone though its connection stands: it may be
 * stopped, or behind a network that drops everything.
 */
export class WatchedClient {
  readonly redis: Redis;
  readonly #timeoutMs: number;
  readonly #events: WatchedClientEvents;
  #isReady = false;
  #answeredAt = performance.now();
  /** The first since it was ready: others may only say that the connection was given up for it. */
  #error: Error | null = null;
  #isEnded = false;
  readonly #timer: NodeJS.Timeout;

  constructor(redis: Redis, timeoutMs: number, events: WatchedClientEvents) {
    this.redis = redis;
    this.#timeoutMs = timeoutMs;
    this.#events = events;
    redis.on('error', (error: Error) => {
      this.#error ??= error;
    });
    redis.on('ready', () => this.#ready());
    redis.on('close', () => this.#gone(this.#error?.message ?? 'the connection was closed'));
    redis.on('end', () => this.#revive());
    this.#timer = setInterval(() => this.#look(), timeoutMs / 2);
    this.#timer.unref();
  }

  /** The first connection; rejects with the reason of its failure. */
  async connect(): Promise<void> {
    try {
      await this.redis.connect();
    } catch (error) {
      throw this.#error ?? error;
    }
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  end(): void {
    this.#isEnded = true;
    clearInterval(this.#timer);
    this.redis.disconnect();
  }

  #ready(): void {
    this.#isReady = true;
    this.#error = null;
    this.#answeredAt = performance.now();
    this.#events.ready();
  }

  #gone(reason: string): void {
    if (!this.#isReady) return;
    this.#isReady = false;
    this.#events.gone(reason);
  }

  /** The library gives up where it is disturbed while it asks Sentinels. */
  #revive(): void {
    if (this.#isEnded) return;
    const connect = (): void => {
      if (!this.#isEnded) this.redis.connect().catch(() => {});
    };
    setTimeout(connect, REVIVE_MS).unref();
  }

  /** Also connects anew what has hung while connecting. */
  #look(): void {
    const now = performance.now();
    if (now - this.#answeredAt > this.#timeoutMs) {
      this.#answeredAt = now;
      this.#error ??= new Error(`no answer in ${this.#timeoutMs} ms`);
      this.#gone(`no answer in ${this.#timeoutMs} ms`);
      this.redis.disconnect(true);
      return;
    }
    if (!this.#isReady) return;
    this.redis.ping().then(
      () => {
        this.#answeredAt = performance.now();
      },
      () => {},
    );
  }
}
