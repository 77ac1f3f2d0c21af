import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { serverMessages } from '@sluice/protocol';
import { ALGORITHMS, emptyDeltaCounters, PatchPool, type PublicationMode } from '../src/index.ts';
import { NaiveClient } from './naive-client.ts';
import { RandomPairs } from './random-pairs.ts';
import { SimulatedWorker, type Subscriber, TestClock } from './simulated-worker.ts';

// Random publications of several events and keys go to two workers; clients miss some, lose their connection, come back to either
// worker with all that they kept, resubscribe, ask for resyncs. Each has to make of its frames what a plain subscriber got.

const RUNS = 60;
const STEPS = 120;

const KEYS = ['', 'BTC', 'ETH', 'ключ', 'a"b', 'x'.repeat(300)];

interface Kind {
  readonly conflationKey: string | undefined;
  readonly keys: readonly string[];
  /** Publications before the first that has a key. */
  readonly keyless: number;
}

const KINDS: Readonly<Record<string, Kind>> = {
  'without keys': { conflationKey: undefined, keys: [''], keyless: 0 },
  'with keys': { conflationKey: 'asset', keys: KEYS, keyless: 0 },
  'that gets its first key from a publish call': { conflationKey: undefined, keys: KEYS, keyless: 30 },
};

interface Place {
  worker: SimulatedWorker;
  subscriber: Subscriber;
}

class Scene {
  readonly random: RandomPairs;
  readonly clock = new TestClock();
  readonly workers: readonly SimulatedWorker[];
  readonly clients: Place[] = [];
  readonly #kind: Kind;
  #published = 0;
  readonly #documents = new Map<string, string>();
  readonly all: Subscriber[] = [];

  constructor(seed: number, kind: Kind, pool?: PatchPool) {
    this.random = new RandomPairs(seed);
    const { conflationKey } = kind;
    this.#kind = kind;
    const rules = {
      conflationKey,
      fullMessageInterval: this.random.below(6),
      minMessageBytes: 80,
      maxStateAgeMs: 1000,
      maxMessagesPerKey: 1 + this.random.below(5),
      maxKeys: 1 + this.random.below(6),
    };
    const maxTrackBytes = this.random.below(4) === 0 ? 2000 : 1e9;
    const one = (): SimulatedWorker =>
      new SimulatedWorker({
        rules,
        clock: this.clock,
        maxTrackBytes,
        toldAlgorithm: 'fossil',
        maxWaiting: 4,
        ...(pool && { pool }),
      });
    this.workers = [one(), one()];
    for (let n = 0; n < 6; n++) this.#join(new NaiveClient('fossil'));
  }

  step(): void {
    const { random } = this;
    switch (random.below(12)) {
      case 0:
        this.clock.ms += random.below(400);
        return;
      case 1:
        // What was kept without keys is of no use to a client that meets them again: that costs a resync.
        return this.#comeBack(this.#kind.keyless > 0 ? 'forgotten' : 'kept');
      case 2:
        return this.#comeBack('forgotten');
      case 3:
        return this.#resync();
      default:
        this.clock.ms += random.below(3);
        this.#publish();
    }
  }

  #publish(): void {
    const { random } = this;
    const { keys, keyless } = this.#kind;
    const key = this.#published++ < keyless ? '' : (keys[random.below(keys.length)] ?? '');
    const event = ['tick', 'trade', 'é"\\'][random.below(3)] ?? '';
    const known = this.#documents.get(key);
    const data = known === undefined || random.below(12) === 0 ? random.text(200) : random.edited(known);
    this.#documents.set(key, data);
    const tags = random.below(30) === 0 ? ',"tags":{"a":"b","__delta_seq":1}}' : '}';
    const text = serverMessages.channelEvent(JSON.stringify(event), 'market', JSON.stringify(data)).slice(0, -1) + tags;
    const mode: PublicationMode =
      (['plain', 'full', 'auto', 'auto', 'auto', 'auto'] as const)[random.below(6)] ?? 'auto';
    const missed = new Set(this.clients.filter(() => random.below(8) === 0).map(({ subscriber }) => subscriber));
    for (const worker of this.workers) {
      worker.publish({ text, key, mode, misses: (subscriber) => missed.has(subscriber) });
    }
  }

  #resync(): void {
    const subscriber = this.#pick()?.subscriber;
    subscriber?.client.forget();
    subscriber?.held.clear();
  }

  #pick(): Place | undefined {
    return this.clients[this.random.below(this.clients.length)];
  }

  #comeBack(state: 'kept' | 'forgotten'): void {
    const place = this.#pick();
    if (place === undefined) return;
    const { subscriber, worker } = place;
    worker.subscribers.delete(subscriber);
    this.clients.splice(this.clients.indexOf(place), 1);
    if (state === 'forgotten') subscriber.client.forget();
    this.#join(subscriber.client);
  }

  #join(client: NaiveClient): void {
    const worker = this.workers[this.random.below(2)] as SimulatedWorker;
    const algorithm = ALGORITHMS[this.random.below(2)] ?? 'fossil';
    client.decodes = algorithm;
    const subscriber = worker.subscribe(client, algorithm, this.random.below(2) === 0 ? 'binary' : 'json');
    if (this.random.below(2) === 0) worker.sync(subscriber);
    this.clients.push({ worker, subscriber });
    this.all.push(subscriber);
  }

  check(): void {
    const expected = new Map<NaiveClient, string[]>();
    for (const { client, expected: texts } of this.all)
      expected.set(client, [...(expected.get(client) ?? []), ...texts]);
    for (const [client, texts] of expected) {
      assert.equal(client.misses, 0);
      assert.deepEqual(client.texts, texts);
    }
  }

  get deltas(): number {
    return this.workers.reduce((sum, { counters }) => sum + counters.deltas, 0);
  }
}

for (const [name, kind] of Object.entries(KINDS)) {
  describe(`clients of a channel ${name}`, () => {
    it('make of every frame what a plain subscriber got', () => {
      let deltas = 0;
      for (let seed = 0; seed < RUNS; seed++) {
        const scene = new Scene(seed, kind);
        for (let n = 0; n < STEPS; n++) scene.step();
        try {
          scene.check();
        } catch (error) {
          throw new Error(`seed ${seed}`, { cause: error });
        }
        deltas += scene.deltas;
      }
      assert.ok(deltas > RUNS * 10, `only ${deltas} publications had deltas`);
    });

    it('do so too while patches are computed in threads', async (t) => {
      const counters = emptyDeltaCounters();
      const pool = new PatchPool({ threads: 1, maxQueue: 8, deadlineMs: 1000, counters });
      t.after(() => pool.close());
      for (let seed = 1000; seed < 1030; seed++) {
        const scene = new Scene(seed, kind, pool);
        for (let n = 0; n < STEPS; n++) {
          scene.step();
          if (scene.random.below(2) === 0) await setImmediate();
        }
        while (scene.workers.some(({ lane }) => lane.occupied)) await setImmediate();
        scene.check();
      }
      assert.ok(counters.pooled > 100, `${counters.pooled} tasks`);
    });
  });
}
