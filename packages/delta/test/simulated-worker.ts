import assert from 'node:assert/strict';
import { deltaMessages } from '@sluice/protocol';
import {
  type Algorithm,
  BaseHolder,
  CommonBases,
  type DeltaChannel,
  type DeltaCounters,
  DeltaEngine,
  type DeltaForm,
  type DeltaFormat,
  deltaFormat,
  type DeltaRules,
  type Demand,
  emptyDeltaCounters,
  Lane,
  type PatchPool,
  type PublicationMode,
  type SharedPatch,
  type Track,
  type Variants,
} from '../src/index.ts';
import type { NaiveClient } from './naive-client.ts';

/** One subscription that takes deltas. */
export interface Subscriber {
  readonly client: NaiveClient;
  readonly format: DeltaFormat;
  readonly held: BaseHolder;
  /** What a plain subscriber in its place was sent. */
  readonly expected: string[];
}

export interface Sent {
  readonly text: string;
  readonly key: string;
  readonly mode: PublicationMode;
  readonly id?: string;
  readonly patches?: readonly SharedPatch[];
  /** Filtered out, excluded or dropped for this subscriber. */
  readonly misses: (subscriber: Subscriber) => boolean;
}

export const RULES: DeltaRules = {
  fullMessageInterval: 10,
  minMessageBytes: 100,
  maxStateAgeMs: 300_000,
  maxMessagesPerKey: 10,
  maxKeys: 100,
  conflationKey: undefined,
};

export class TestClock {
  ms = Date.UTC(2026, 10, 24);
  now(): number {
    return this.ms;
  }
  monotonic(): number {
    return this.ms;
  }
}

interface WorkerOptions {
  readonly rules?: Partial<DeltaRules>;
  readonly clock?: TestClock;
  readonly pool?: PatchPool;
  readonly counters?: DeltaCounters;
  readonly maxTrackBytes?: number;
  readonly toldAlgorithm?: Algorithm;
  readonly maxWaiting?: number;
}

/** What core does with an engine, for one channel: counts who holds what, and hands out frames in order. */
export class SimulatedWorker {
  readonly counters: DeltaCounters;
  readonly engine: DeltaEngine<string>;
  readonly channel: DeltaChannel<string>;
  readonly clock: TestClock;
  readonly subscribers = new Set<Subscriber>();
  readonly #common = new CommonBases();
  readonly lane: Lane<Variants<string>>;
  /** Texts that were published and not yet delivered. */
  readonly #underWay: string[] = [];
  /** Frames that were sent, whoever to. */
  readonly sent: string[] = [];
  /** Texts made of frames; each counts once, however many got it. */
  prepared = 0;

  constructor(options: WorkerOptions = {}) {
    this.counters = options.counters ?? emptyDeltaCounters();
    this.clock = options.clock ?? new TestClock();
    this.engine = new DeltaEngine({
      wire: deltaMessages,
      press: {
        ofText: (text) => this.#prepare(text),
        ofBytes: (bytes) => this.#prepare(Buffer.from(bytes).toString('latin1')),
      },
      clock: this.clock,
      counters: this.counters,
      pool: options.pool,
      poolFromBytes: { fossil: options.pool ? 0 : Infinity, xdelta3: options.pool ? 0 : Infinity },
      maxRatio: 0.9,
      minCohort: 2,
      toldAlgorithm: options.toldAlgorithm,
      maxTrackBytes: options.maxTrackBytes ?? 1e9,
    });
    this.channel = this.engine.open('market', { ...RULES, ...options.rules });
    this.lane = new Lane({
      maxWaiting: options.maxWaiting ?? 64,
      onError: (error) => {
        throw error;
      },
    });
  }

  subscribe(client: NaiveClient, algorithm: Algorithm, form: DeltaForm = 'json'): Subscriber {
    const subscriber = { client, format: deltaFormat(algorithm, form), held: new BaseHolder(), expected: [] };
    subscriber.held.join(this.#common);
    this.subscribers.add(subscriber);
    return subscriber;
  }

  #prepare(text: string): string {
    this.prepared++;
    return text;
  }

  /** Sends a late subscriber the bases, where there are any. */
  sync(subscriber: Subscriber): void {
    const frame = this.channel.cacheSync?.frame(this.clock.monotonic());
    if (frame === undefined) return;
    this.sent.push(frame);
    subscriber.client.receive(frame);
    this.channel.cacheSync?.sentTo(subscriber.held);
  }

  publish({ text, key, mode, id, patches = [], misses }: Sent): void {
    this.#underWay.push(text);
    this.lane.add({
      start: (pace) => {
        const count = (demand: Demand, track: Track): void => {
          for (const { format, held } of this.subscribers) demand.add(format, held.holds(track));
        };
        return this.engine.variants(this.channel, { text, key, mode, id, patches, count }, pace);
      },
      deliver: (variants) => {
        assert.equal(text, this.#underWay.shift(), 'out of order');
        const { kept } = variants;
        const lost: BaseHolder[] = [];
        for (const subscriber of this.subscribers) {
          const { client, format, held, expected } = subscriber;
          if (misses(subscriber)) {
            if (kept !== undefined) held.missed(kept.track);
            continue;
          }
          const frame = variants.frameFor(format, kept === undefined ? 0 : held.holds(kept.track));
          this.sent.push(frame);
          if (kept !== undefined) held.got(kept.track);
          expected.push(text);
          if (!client.receive(frame)) lost.push(held);
        }
        if (kept !== undefined) this.#common.hold(kept.track, kept.sequence);
        for (const held of lost) held.clear();
      },
    });
  }
}
