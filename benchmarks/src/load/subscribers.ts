import { setTimeout as sleep } from 'node:timers/promises';

import { monotonicMicros } from '../clock.ts';
import { isLoopback } from '../endpoint.ts';
import { Histogram } from '../histogram.ts';
import { dealt, heardOf } from './dealing.ts';
import type { OpenArgs, Opened, Settled } from './messages.ts';
import { Subscriber } from './subscriber.ts';
import { Tally } from './tally.ts';

/** Below the 28,000 ephemeral ports that Linux has for one address. */
const SOCKETS_PER_ADDRESS = 10_000;
const OPEN_TIMEOUT_MS = 20_000;

/** All WebSockets of one load process. */
export class Subscribers {
  readonly #silenceMs: number;
  readonly #tally = new Tally();
  readonly #readBuffer = Buffer.allocUnsafeSlow(256 * 1024);
  #subscribers: Subscriber[] = [];
  #stopped: Subscriber[] = [];

  /** `silenceMs`: nothing delivered for so long, and what is missing will not come. */
  constructor(options: { readonly silenceMs: number }) {
    this.#silenceMs = options.silenceMs;
  }

  async open(args: OpenArgs): Promise<Opened> {
    const latency = new Histogram();
    const errors = new Map<string, number>();
    const startedAtMicros = monotonicMicros();
    const before = this.#subscribers.length;
    let begun = 0;
    const openInTurn = async (): Promise<void> => {
      while (begun < args.count) {
        const error = await this.#openOne(args, { socket: args.firstSocket + begun++, latency });
        if (error !== null) errors.set(error, (errors.get(error) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: Math.min(args.concurrency, args.count) }, openInTurn));
    const subscribed = this.#subscribers.length - before;
    return { subscribed, errors, latency: latency.snapshot(), startedAtMicros, endedAtMicros: monotonicMicros() };
  }

  reset(publishers: number): void {
    this.#tally.reset();
    for (const subscriber of this.#subscribers) subscriber.expectPublishers(publishers);
  }

  async settle(accepted: readonly number[]): Promise<Settled> {
    const tally = this.#tally;
    const expected = this.#subscribers.reduce((sum, { place }) => sum + heardOf(accepted, place), 0);
    let seen = -1;
    let silentSince = monotonicMicros();
    while (tally.deliveries < expected && monotonicMicros() - silentSince < this.#silenceMs * 1000) {
      if (tally.deliveries !== seen) {
        seen = tally.deliveries;
        silentSince = monotonicMicros();
      }
      await sleep(10);
    }
    // A doubled message would come after the one that completes the count.
    await sleep(50);
    const differences = this.#subscribers.flatMap((subscriber) => subscriber.missing(accepted));
    return {
      expected,
      deliveries: tally.deliveries,
      skipped: tally.skipped,
      repeated: tally.repeated,
      foreign: tally.foreign,
      missing: differences.reduce((sum, difference) => sum + Math.max(0, difference), 0),
      surplus: differences.reduce((sum, difference) => sum + Math.max(0, -difference), 0),
      ended: tally.ended,
      lastAtMicros: tally.lastAtMicros,
      latency: tally.latency.snapshot(),
    };
  }

  stopReading(count: number): void {
    this.#stopped = this.#subscribers.splice(0, count);
    for (const subscriber of this.#stopped) subscriber.stopReading();
  }

  close(): void {
    for (const subscriber of [...this.#subscribers, ...this.#stopped]) subscriber.close();
    this.#subscribers = [];
    this.#stopped = [];
  }

  async #openOne(args: OpenArgs, one: { socket: number; latency: Histogram }): Promise<string | null> {
    const { endpoint, channels } = args;
    const address = Math.floor(one.socket / SOCKETS_PER_ADDRESS);
    const startedAt = monotonicMicros();
    const subscriber = new Subscriber({
      endpoint,
      channel: dealt(channels, one.socket),
      place: { index: one.socket % channels.length, of: channels.length },
      localAddress: isLoopback(endpoint.host) && address > 0 ? `127.0.0.${1 + address}` : undefined,
      readBuffer: this.#readBuffer,
      tally: this.#tally,
    });
    const giveUp = setTimeout(() => subscriber.giveUp('no subscription in time'), OPEN_TIMEOUT_MS);
    try {
      await subscriber.subscribed;
      one.latency.record(monotonicMicros() - startedAt);
      this.#subscribers.push(subscriber);
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      clearTimeout(giveUp);
    }
  }
}
