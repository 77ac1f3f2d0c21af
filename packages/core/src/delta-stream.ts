// HOT: the loops of countBases and #deliver run once per recipient; no allocation, closure, await or log call in them.
import {
  type Algorithm,
  ALGORITHMS,
  DELTA_DEFAULTS,
  type DeltaChannel,
  type DeltaEngine,
  type Demand,
  type HeldBases,
  Lane,
  type LaneItem,
  type SharedPatch,
  type Track,
  type Variants,
} from '@sluice/delta';
import type { Audience, Cohort } from './audience.ts';
import type { Connection } from './connection.ts';
import type { Message } from './message.ts';
import type { AppCounters, Frame, OnError } from './ports/index.ts';
import { sendLatest } from './send-latest.ts';
import type { Subscription } from './subscription.ts';

/** A subscription that takes deltas. */
export interface DeltaSubscriber {
  readonly connection: Connection;
  readonly subscription: Subscription;
  readonly algorithm: Algorithm;
  readonly held: HeldBases;
  /** {@link DeltaStream.published} when it began: what was published before is not for it. */
  readonly since: number;
  /** It was the one subscriber that a message was not for. */
  wasLeftOut: boolean;
  /** When it was last sent the bases of its channel, in monotonic milliseconds. */
  syncedAt: number;
}

export interface DeltaStreamOptions {
  readonly engine: DeltaEngine<Frame>;
  readonly channel: DeltaChannel<Frame>;
  readonly audience: Audience;
  readonly counters: AppCounters;
  readonly onError: OnError;
}

/** What is known of a publication when it has been given to the lane. */
export interface StreamOutcome {
  readonly patches: readonly SharedPatch[];
  readonly endsInterval: boolean;
}

/** Nobody takes deltas, or those who do wait for theirs. */
export const NOT_KNOWN: StreamOutcome = { patches: [], endsInterval: false };

/** What those subscribers of one channel are sent that take deltas, in the order of the channel. Exists while there is one. */
export class DeltaStream {
  readonly #options: DeltaStreamOptions;
  readonly #lane: Lane<LaneItem>;
  /** What all its subscribers hold of a track, where that is the same: counting them again would cost as much as sending. */
  readonly #holders = new WeakMap<Track, Holders>();
  /** Changes whenever somebody comes, goes or begins anew. */
  #version = 0;
  #published = 0;
  #isClosed = false;
  /** Subscriptions that take deltas. */
  subscribers = 0;

  constructor(options: DeltaStreamOptions) {
    this.#options = options;
    this.#lane = new Lane({
      maxWaiting: DELTA_DEFAULTS.maxWaiting,
      onError: (error) => options.onError(error, { stage: 'delta' }),
    });
  }

  /** Messages so far. */
  get published(): number {
    return this.#published;
  }

  /** `cohorts`: whom it is for at the moment. `sent` is told how many got it, which may be later. */
  publish(message: Message, cohorts: readonly Cohort[], sent: (recipients: number) => void): StreamOutcome {
    const { engine, channel, audience } = this.#options;
    const number = ++this.#published;
    let now: readonly Cohort[] | null = cohorts;
    let variants: Variants<Frame> | undefined;
    this.#lane.add({
      start: (pace) => {
        const recipients = now ?? audience.of(message);
        if (this.#isClosed || !recipients.some(({ deltas }) => deltas !== null && deltas.size > 0)) return NOTHING;
        const { key, mode, id, patches } = message;
        const count = (demand: Demand, track: Track): void => this.#count(recipients, message, { demand, track });
        const shared = { text: message.text, key, mode, id: id === '' ? undefined : id, patches, count };
        variants = engine.variants(channel, shared, pace);
        return variants;
      },
      deliver: () => {
        if (this.#isClosed || variants === undefined) sent(0);
        else sent(this.#deliver({ message, variants, number, cohorts: now ?? audience.of(message) }));
      },
    });
    now = null;
    return variants === undefined || !variants.taken ? NOT_KNOWN : outcomeOf(variants);
  }

  /** Sends all of them the same, after what is on its way. */
  tell(frame: Frame, except: Connection | undefined): void {
    const number = ++this.#published;
    this.afterPublished(() => {
      for (const { deltas } of this.#options.audience.all()) {
        for (const { connection, since } of deltas ?? []) {
          if (connection !== except && since < number) connection.transport.send(frame);
        }
      }
    });
  }

  /** Calls `done` once what was published so far has been sent: at once, where no patch is being made. Never after the end. */
  afterPublished(done: () => void): void {
    this.#lane.add({ start: () => NOTHING, deliver: () => (this.#isClosed ? undefined : done()) });
  }

  /** The bases that are kept, for a subscriber that has none, so that it can go on with deltas. */
  sync({ connection, subscription, held }: DeltaSubscriber, now: () => number): void {
    const { cacheSync } = this.#options.channel;
    if (cacheSync === undefined) return;
    this.afterPublished(() => {
      const frame = cacheSync.frame(now());
      if (frame === undefined || subscription.delta?.held !== held) return;
      if (connection.transport.send(frame)) cacheSync.sentTo(held);
      this.changed();
    });
  }

  /** A subscriber comes, goes, or holds something else than it was sent by {@link publish}. */
  changed(): void {
    this.#version++;
  }

  /** The last of its subscribers has gone. What waits still is for nobody: whoever comes now gets a stream of its own. */
  close(): void {
    this.#isClosed = true;
    this.#options.channel.tracks.clear();
  }

  #count(cohorts: readonly Cohort[], message: Message, counted: Counted): void {
    const holders = this.#holders.get(counted.track);
    if (holders?.version !== this.#version || cohorts.length > 1) {
      countBases(cohorts, message, counted);
      return;
    }
    const { sequence, sockets } = holders;
    for (const algorithm of ALGORITHMS) counted.demand.addAll(algorithm, sequence, sockets[algorithm]);
  }

  #deliver({ message, variants, number, cohorts }: Delivery): number {
    const { counters } = this.#options;
    const { except, key, frame: plain } = message;
    const plainBytes = plain.payload.length;
    const sockets = { fossil: 0, xdelta3: 0 };
    let recipients = 0;
    let bytes = 0;
    // Nearly all get the same frame, and its length takes a new view of its bytes each time.
    let last = plain;
    let lastBytes = plainBytes;
    for (const { deltas } of cohorts) {
      if (deltas === null) continue;
      for (const subscriber of deltas) {
        const { connection, subscription, algorithm, held, since } = subscriber;
        if (connection === except) {
          subscriber.wasLeftOut = true;
          continue;
        }
        if (since >= number) continue;
        recipients++;
        if (key !== '' && connection.transport.slow) {
          sendLatest(connection, key, { subscription, frame: variants.full, variants });
          bytes += plainBytes;
          continue;
        }
        const frame = variants.frameFor(algorithm, held);
        if (frame !== last) {
          last = frame;
          lastBytes = frame.payload.length;
        }
        bytes += lastBytes;
        if (!connection.transport.send(frame)) continue;
        variants.sentTo(held);
        sockets[algorithm]++;
      }
    }
    counters.deltaPlainBytes += recipients * plainBytes;
    counters.deltaSentBytes += bytes;
    this.#note(variants, sockets);
    return recipients;
  }

  /** Where not all were sent it, they are counted next time. */
  #note({ kept }: Variants<Frame>, sockets: Holders['sockets']): void {
    if (kept === undefined) return;
    if (sockets.fossil + sockets.xdelta3 < this.subscribers) this.#holders.delete(kept.track);
    else this.#holders.set(kept.track, { version: this.#version, sequence: kept.sequence, sockets });
  }
}

interface Holders {
  readonly version: number;
  readonly sequence: number;
  readonly sockets: Readonly<Record<Algorithm, number>>;
}

interface Delivery {
  readonly message: Message;
  readonly variants: Variants<Frame>;
  /** Of the message in the stream. */
  readonly number: number;
  readonly cohorts: readonly Cohort[];
}

interface Counted {
  readonly demand: Demand;
  readonly track: Track;
}

function countBases(cohorts: readonly Cohort[], { except }: Message, { demand, track }: Counted): void {
  for (const { deltas } of cohorts) {
    if (deltas === null) continue;
    for (const { connection, algorithm, held } of deltas) {
      if (connection !== except) demand.add(algorithm, held.of(track));
    }
  }
}

const NOTHING: LaneItem = { settled: undefined };

function outcomeOf({ deltas, endsInterval }: Variants<Frame>): StreamOutcome {
  const patches = deltas.flatMap(({ algorithm, baseId, patch }) =>
    baseId === undefined ? [] : [{ algorithm, baseId, bytes: patch }],
  );
  return { patches, endsInterval };
}
