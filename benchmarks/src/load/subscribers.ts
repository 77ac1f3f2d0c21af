import { setTimeout as sleep } from 'node:timers/promises';

import { monotonicMicros } from '../clock.ts';
import { isLoopback } from '../endpoint.ts';
import { Histogram } from '../histogram.ts';
import { SHARE_TAG, shareTag } from './content.ts';
import { CountingListener } from './counting-listener.ts';
import { type Accepted, dealt, type Hearing, heardOf } from './dealing.ts';
import { DecodingListener } from './decoding-listener.ts';
import type { Listener } from './listener.ts';
import type { OpenArgs, Opened, Settled, Wish } from './messages.ts';
import { StampedListener } from './stamped-listener.ts';
import { Subscriber } from './subscriber.ts';
import { Tally } from './tally.ts';

/** Below the 28,000 ephemeral ports that Linux has for one address. */
const SOCKETS_PER_ADDRESS = 10_000;
const OPEN_TIMEOUT_MS = 20_000;

const LISTENERS = { stamps: StampedListener, count: CountingListener, decode: DecodingListener };
interface Client {
  readonly subscriber: Subscriber;
  readonly listener: Listener;
  readonly hearing: Hearing;
}

/** All WebSockets of one load process. */
export class Subscribers {
  readonly #silenceMs: number;
  readonly #tally = new Tally();
  readonly #readBuffer = Buffer.allocUnsafeSlow(256 * 1024);
  #clients: Client[] = [];
  #stopped: Client[] = [];

  /** `silenceMs`: nothing delivered for so long, and what is missing will not come. */
  constructor(options: { readonly silenceMs: number }) {
    this.#silenceMs = options.silenceMs;
  }

  async open(args: OpenArgs): Promise<Opened> {
    const latency = new Histogram();
    const errors = new Map<string, number>();
    const startedAtMicros = monotonicMicros();
    const before = this.#clients.length;
    let begun = 0;
    const openInTurn = async (): Promise<void> => {
      while (begun < args.count) {
        const error = await this.#openOne(args, { socket: args.firstSocket + begun++, latency });
        if (error !== null) errors.set(error, (errors.get(error) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: Math.min(args.concurrency, args.count) }, openInTurn));
    const subscribed = this.#clients.length - before;
    return { subscribed, errors, latency: latency.snapshot(), startedAtMicros, endedAtMicros: monotonicMicros() };
  }

  reset(publishers: number): void {
    this.#tally.reset();
    for (const { listener } of this.#clients) listener.begin(publishers);
  }

  async settle(accepted: Accepted): Promise<Settled> {
    const tally = this.#tally;
    const heard = this.#clients.map(({ hearing }) => heardOf(accepted, hearing));
    const expected = heard.flat().reduce((sum, count) => sum + count, 0);
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
    const differences = this.#clients.flatMap(({ listener }, i) => listener.missing(heard[i] ?? []));
    return {
      expected,
      deliveries: tally.deliveries,
      bytes: tally.bytes,
      skipped: tally.skipped,
      repeated: tally.repeated,
      foreign: tally.foreign,
      missing: differences.reduce((sum, difference) => sum + Math.max(0, difference), 0),
      surplus: differences.reduce((sum, difference) => sum + Math.max(0, -difference), 0),
      ended: tally.ended,
      lastAtMicros: tally.lastAtMicros,
      latency: tally.latency.snapshot(),
      digests: this.#clients.flatMap(({ listener }) => {
        const digest = listener instanceof DecodingListener ? listener.digest() : undefined;
        return digest === undefined ? [] : [digest];
      }),
    };
  }

  stopReading(count: number): void {
    this.#stopped = this.#clients.splice(0, count);
    for (const { subscriber } of this.#stopped) subscriber.stopReading();
  }

  close(): void {
    for (const { subscriber } of [...this.#clients, ...this.#stopped]) subscriber.close();
    this.#clients = [];
    this.#stopped = [];
  }

  async #openOne(args: OpenArgs, one: { socket: number; latency: Histogram }): Promise<string | null> {
    const { endpoint, wish = {} } = args;
    const { listening = 'stamps' } = wish;
    const tally = this.#tally;
    const hearing = hearingOf(args, one.socket);
    const listener = new LISTENERS[listening]({ tally, hearing });
    const address = Math.floor(one.socket / SOCKETS_PER_ADDRESS);
    const startedAt = monotonicMicros();
    const subscriber = new Subscriber({
      endpoint,
      channel: hearing.channel,
      asked: askedBy(wish, hearing),
      binary: wish.binary === true,
      localAddress: isLoopback(endpoint.host) && address > 0 ? `127.0.0.${1 + address}` : undefined,
      readBuffer: this.#readBuffer,
      tally,
      listener,
    });
    const giveUp = setTimeout(() => subscriber.giveUp('no subscription in time'), OPEN_TIMEOUT_MS);
    try {
      await subscriber.subscribed;
      one.latency.record(monotonicMicros() - startedAt);
      this.#clients.push({ subscriber, listener, hearing });
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      clearTimeout(giveUp);
    }
  }
}

/** The filters are dealt to those of one channel, as the channels are to all. */
function hearingOf({ channels, wish }: OpenArgs, socket: number): Hearing {
  const channel = dealt(channels, socket);
  if (wish?.filters === undefined) return { channel, first: 0, step: 1 };
  return { channel, first: Math.floor(socket / channels.length) % wish.filters, step: wish.filters };
}

function askedBy({ delta, filters }: Wish, { first }: Hearing): Record<string, unknown> {
  return {
    ...(delta === undefined ? {} : { delta: { algorithm: delta } }),
    ...(filters === undefined ? {} : { filter: { key: SHARE_TAG, cmp: 'eq', val: shareTag(first) } }),
  };
}
