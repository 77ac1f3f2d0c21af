// HOT: the loops of countBases and deliverTo run once per recipient; no allocation, closure, await or log call in them.
import {
  DELTA_DEFAULTS,
  DELTA_FORMATS,
  type DeltaChannel,
  type DeltaEngine,
  type Demand,
  Lane,
  type LaneItem,
  type SharedPatch,
  type Track,
  type Variants,
} from '@sluice/delta';
import type { Audience, Cohort, DeltaCohort } from './audience.ts';
import type { Connection } from './connection.ts';
import type { DeltaSubscriber } from './delta-subscriber.ts';
import type { Message } from './message.ts';
import type { AppCounters, Frame, OnError } from './ports/index.ts';
import { sendLatest } from './send-latest.ts';

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
        if (this.#isClosed || recipients.every(({ deltas }) => deltas === null)) return NOTHING;
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
        for (const { connection, since } of deltas?.subscribers ?? []) {
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
  sync(subscriber: DeltaSubscriber, now: () => number): void {
    const { connection, subscription } = subscriber;
    const { cacheSync } = this.#options.channel;
    if (cacheSync === undefined) return;
    this.afterPublished(() => {
      const frame = cacheSync.frame(now());
      if (frame === undefined || subscription.delta !== subscriber) return;
      if (connection.transport.send(frame)) cacheSync.sentTo(subscriber);
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
    for (const format of DELTA_FORMATS) counted.demand.addAll(format, sequence, sockets[format.index] ?? 0);
  }

  #deliver({ message, variants, number, cohorts }: Delivery): number {
    const { counters } = this.#options;
    const sent: Sent = { recipients: 0, bytes: 0, sockets: DELTA_FORMATS.map(() => 0) };
    for (const { deltas } of cohorts) {
      if (deltas !== null) deliverTo(deltas, { message, variants, number, sent });
    }
    counters.deltaPlainBytes += sent.recipients * message.frame.payload.length;
    counters.deltaSentBytes += sent.bytes;
    this.#note(variants, sent.sockets);
    return sent.recipients;
  }

  /** Where not all were sent it, they are counted next time. */
  #note({ kept }: Variants<Frame>, sockets: readonly number[]): void {
    if (kept === undefined) return;
    let all = 0;
    for (const some of sockets) all += some;
    if (all < this.subscribers) this.#holders.delete(kept.track);
    else this.#holders.set(kept.track, { version: this.#version, sequence: kept.sequence, sockets });
  }
}

/** Nearly all hold what their cohort does, so that nothing has to be noted of them. */
function deliverTo({ subscribers, bases }: DeltaCohort, { message, variants, number, sent }: CohortDelivery): void {
  const { except, key, frame: plain } = message;
  const { kept } = variants;
  const track = kept?.track;
  const base = track === undefined ? 0 : bases.sequenceAt(track.slot);
  const turn = track === undefined ? Infinity : bases.turnAt(track.slot);
  const usual: Frame[] = [];
  // Nearly all get the same frame, and its length takes a new view of its bytes each time.
  let last = plain;
  let lastBytes = plain.payload.length;
  for (const subscriber of subscribers) {
    const { connection, format } = subscriber;
    if (connection === except || subscriber.since >= number) {
      if (connection === except) subscriber.wasLeftOut = true;
      if (track !== undefined) subscriber.missed(track);
      continue;
    }
    sent.recipients++;
    if (key !== '' && connection.transport.slow) {
      if (track !== undefined) subscriber.missed(track);
      sendLatest(connection, key, { subscription: subscriber.subscription, frame: variants.full, kept });
      sent.bytes += plain.payload.length;
      continue;
    }
    const isUsual = subscriber.isUsual(turn);
    const frame =
      isUsual || track === undefined
        ? (usual[format.index] ??= variants.frameFor(format, base))
        : variants.frameFor(format, subscriber.holds(track));
    if (frame !== last) {
      last = frame;
      lastBytes = frame.payload.length;
    }
    sent.bytes += lastBytes;
    if (connection.transport.send(frame)) {
      sent.sockets[format.index] = (sent.sockets[format.index] ?? 0) + 1;
      if (!isUsual && track !== undefined) subscriber.got(track);
    } else if (track !== undefined) subscriber.missed(track);
  }
  if (kept !== undefined) bases.hold(kept.track, kept.sequence);
}

interface Holders {
  readonly version: number;
  readonly sequence: number;
  /** By format. */
  readonly sockets: readonly number[];
}

interface Delivery {
  readonly message: Message;
  readonly variants: Variants<Frame>;
  /** Of the message in the stream. */
  readonly number: number;
  readonly cohorts: readonly Cohort[];
}

interface CohortDelivery {
  readonly message: Message;
  readonly variants: Variants<Frame>;
  /** Of the message in the stream. */
  readonly number: number;
  readonly sent: Sent;
}

interface Sent {
  recipients: number;
  /** Those of who is too slow as if it were sent the message now. */
  bytes: number;
  /** That were really sent a frame, by format. */
  readonly sockets: number[];
}

interface Counted {
  readonly demand: Demand;
  readonly track: Track;
}

function countBases(cohorts: readonly Cohort[], { except }: Message, { demand, track }: Counted): void {
  for (const { deltas } of cohorts) {
    if (deltas === null) continue;
    for (const subscriber of deltas.subscribers) {
      if (subscriber.connection !== except) demand.add(subscriber.format, subscriber.holds(track));
    }
  }
}

const NOTHING: LaneItem = { settled: undefined };

function outcomeOf({ patches, endsInterval }: Variants<Frame>): StreamOutcome {
  return { patches, endsInterval };
}
