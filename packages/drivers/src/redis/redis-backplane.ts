import { type Backplane, type BackplaneEvents, ConnectionError } from '@sluice/core';
import { PLAIN } from './commands.ts';
import { describeConnection, type RedisConnection } from './connection.ts';
import { PubSubLink } from './pub-sub-link.ts';

export interface RedisBackplaneOptions {
  readonly connection: RedisConnection;
  /** In front of every topic, so that several installations can share a Redis. */
  readonly prefix: string;
  /** A server that does not answer for so long counts as gone. */
  readonly timeoutMs: number;
}

/** Messages between nodes by PUBLISH and SUBSCRIBE of one Redis. */
export class RedisBackplane implements Backplane {
  readonly #options: RedisBackplaneOptions;
  readonly #link: PubSubLink;
  #events: BackplaneEvents | null = null;

  constructor(options: RedisBackplaneOptions) {
    this.#options = options;
    const { connection, timeoutMs, prefix } = options;
    const prefixBytes = Buffer.byteLength(prefix);
    this.#link = new PubSubLink(
      { connection, timeoutMs, commands: PLAIN },
      {
        message: (channel, message) => this.#events?.message(channel.toString('utf8', prefixBytes), message),
        ready: () => this.#events?.connected(),
        gone: (reason) => this.#events?.disconnected(reason),
      },
    );
  }

  async start(events: BackplaneEvents): Promise<void> {
    const { connection, prefix } = this.#options;
    try {
      await this.#link.connect();
      await this.#link.checkRights(prefix);
      if (!this.#link.isReady) throw new Error('the connection was lost again at once');
    } catch (error) {
      this.#link.end();
      const reason = error instanceof Error ? error.message : String(error);
      throw new ConnectionError(`no connection to Redis at ${describeConnection(connection)}: ${reason}`);
    }
    this.#events = events;
    events.connected();
  }

  publish(topic: string, message: Uint8Array, confirmed: () => void): void {
    this.#link.publish(this.#options.prefix + topic, message, confirmed);
  }

  join(topic: string, joined: () => void): void {
    this.#link.join(this.#options.prefix + topic, joined);
  }

  leave(topic: string): void {
    this.#link.leave(this.#options.prefix + topic);
  }

  async close(): Promise<void> {
    await this.#link.drain();
    this.#events = null;
    this.#link.end();
  }
}
