import assert from 'node:assert/strict';
import { ALGORITHMS, type Algorithm, type PatchPool } from '@sluice/delta';
import { NaiveClient, RandomPairs } from '@sluice/delta/testing';
import { type Client, Cluster, publish, type Worker } from './cluster.ts';
import { EXTENSIONS, testApp } from './test-app.ts';

const CHANNEL = 'private-market';
/** After the year from which sequence numbers are counted. */
const AFTER_2026_MS = 100_000_000_000;
const KEYS = ['BTC', 'ETH', 'ключ', 'a"b', 'x'.repeat(250), ''];
const FILTERS = [
  undefined,
  { key: 'region', cmp: 'eq', val: 'eu' },
  { key: 'region', cmp: 'in', vals: ['eu', 'us'] },
  { op: 'not', nodes: [{ key: 'region', cmp: 'eq', val: 'eu' }] },
];

export interface SceneKind {
  readonly conflationKey?: string;
  readonly explicitKeys?: boolean;
  readonly conflationIntervalMs?: number;
  readonly patchPool?: PatchPool;
  /** Characters that every event has beside others. */
  readonly padding?: number;
}

/** A client that asks for deltas, and one beside it that never does. */
interface Pair {
  readonly naive: NaiveClient;
  /** Texts that its plain ones got and it was to get. */
  readonly expected: string[];
  /** Numbers of the events that it was left out of. */
  readonly excluded: Set<number>;
  worker: Worker;
  client: Client;
  plain: Client;
  offered: readonly Algorithm[];
  binary: boolean;
  /** `delta` of its present subscription. */
  asked: Algorithm | boolean | undefined;
  subscribed: boolean;
}

/** Pairs of clients on one channel of several workers. */
export class PairScene {
  readonly random: RandomPairs;
  /** Deltas that clients got. */
  readonly received: Record<Algorithm, number> = { fossil: 0, xdelta3: 0 };
  /** Those of them that came in bytes. */
  receivedBinary = 0;
  readonly #app;
  readonly #cluster: Cluster;
  readonly #pairs: Pair[] = [];
  readonly #kind: SceneKind;
  readonly #algorithm: Algorithm;
  readonly #bodies = new Map<string, string>();
  #published = 0;

  constructor(seed: number, kind: SceneKind) {
    this.random = new RandomPairs(seed);
    this.#kind = kind;
    const { conflationKey = null, conflationIntervalMs = null, patchPool } = kind;
    this.#algorithm = this.#pick(ALGORITHMS);
    const rule = {
      enabled: true,
      algorithm: this.#algorithm,
      conflationKey,
      conflationIntervalMs,
      maxMessagesPerKey: 1 + this.random.below(5),
      maxConflationKeys: 1 + this.random.below(6),
      enableTags: this.random.below(2) === 0,
    };
    const limits = { maxClientEventsPerSecond: 0, maxEventBytes: 100_000 };
    this.#app = testApp({ channelDelta: [['private-*', rule]], limits, subscriptionCountEvents: true });
    const deltas = {
      ...EXTENSIONS.deltas,
      fullMessageInterval: this.random.below(8),
      maxStateAgeMs: 1000,
      omitAlgorithm: this.random.below(2) === 0,
      alignIntervals: this.random.below(2) === 0,
    };
    this.#cluster = new Cluster(3, { deltas }, patchPool);
    this.#cluster.clock.advance(AFTER_2026_MS);
    for (let n = 0; n < 8; n++) this.#join();
  }

  step(tick: (ms: number) => void): void {
    const ms = 1 + this.random.below(this.random.below(15) === 0 ? 700 : 3);
    this.#cluster.clock.advance(ms);
    tick(ms);
    const pair = this.#pick(this.#pairs);
    switch (this.random.below(24)) {
      case 0:
        return this.#reconnect(pair);
      case 1:
        return this.#enable(pair);
      case 2:
        return pair.subscribed ? this.#unsubscribe(pair) : this.#subscribe(pair);
      case 3:
        return this.#changeFilter(pair);
      case 4:
        this.pump();
        pair.naive.forget();
        return pair.client.send('pusher:delta_sync_error', { channel: CHANNEL });
      case 5:
        return this.#sendClientEvent(pair);
      case 6:
      case 7:
        return this.#fallBehind(pair, !pair.client.transport.slow);
      case 8:
        return this.#kind.patchPool === undefined ? this.#publishDropped(pair) : this.#publish();
      default:
        this.#publish();
    }
  }

  /** Hands clients what has come for them. */
  pump(): void {
    for (const pair of this.#pairs) {
      for (const text of pair.client.texts()) {
        if (this.#isForLibrary(pair, text)) continue;
        if (!pair.naive.receive(text)) pair.client.send('pusher:delta_sync_error', { channel: CHANNEL });
      }
      for (const text of pair.plain.texts()) {
        if (!text.startsWith('{"event":"pusher') && !pair.excluded.has(numberOf(text))) pair.expected.push(text);
      }
    }
  }

  /** Whether it is nothing about deltas and no event. */
  #isForLibrary({ naive, binary }: Pair, text: string): boolean {
    if (!text.startsWith('{')) {
      assert.ok(binary, 'bytes for a client that did not ask for them');
      this.received[naive.decodes as Algorithm]++;
      this.receivedBinary++;
      return false;
    }
    const { event, data } = JSON.parse(text) as { readonly event: string; readonly data: unknown };
    assert.notEqual(event, 'pusher:error', text);
    if (event === 'pusher:delta') this.received[algorithmOf(data) ?? (naive.decodes as Algorithm)]++;
    return event.startsWith('pusher_internal:') || event === 'pusher:filter_changed';
  }

  /** Whether all have got as much as they were to get. */
  caughtUp(): boolean {
    this.pump();
    return this.#pairs.every(({ naive, expected }) => naive.texts.length === expected.length);
  }

  /** Compares, and sees that nothing is left when all have gone. */
  end(tick: (ms: number) => void): void {
    for (const pair of this.#pairs) this.#fallBehind(pair, false);
    tick(1000);
    this.pump();
    for (const { naive, expected } of this.#pairs) {
      assert.equal(naive.misses, 0);
      assert.deepEqual(naive.texts, expected);
    }
    for (const { client, plain } of this.#pairs) {
      client.close();
      plain.close();
    }
    this.#cluster.assertEmpty(this.#app);
    for (const { errors } of this.#cluster.workers) assert.deepEqual(errors, []);
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.random.below(values.length)] as T;
  }

  #join(): void {
    const worker = this.#pick(this.#cluster.workers);
    const pair: Pair = {
      naive: new NaiveClient('fossil'),
      expected: [],
      excluded: new Set(),
      worker,
      client: worker.connect(this.#app),
      plain: worker.connect(this.#app),
      offered: [],
      binary: false,
      asked: undefined,
      subscribed: false,
    };
    this.#pairs.push(pair);
    if (this.random.below(4) > 0) this.#enable(pair);
    this.#subscribe(pair);
  }

  #enable(pair: Pair): void {
    const first = pair.offered.length === 0;
    pair.offered = this.#pick([ALGORITHMS, ['fossil'], ['xdelta3']] as const);
    const binary = this.random.below(2) === 0;
    pair.binary ||= binary;
    pair.client.send('pusher:enable_delta_compression', { algorithms: pair.offered, binary });
    // What a subscription has already stays as it is.
    if (first && pair.asked === undefined) this.#decodes(pair);
  }

  #decodes({ naive, offered, asked }: Pair): void {
    const named = typeof asked === 'string' ? asked : undefined;
    naive.decodes =
      named ?? (offered.length === 0 || offered.includes(this.#algorithm) ? this.#algorithm : (offered[0] ?? ''));
  }

  #subscribe(pair: Pair): void {
    const filter = this.#pick(FILTERS);
    pair.asked = this.#pick([undefined, undefined, undefined, true, false, ...ALGORITHMS]);
    pair.client.subscribe(CHANNEL, { filter, delta: pair.asked });
    pair.plain.subscribe(CHANNEL, { filter });
    pair.subscribed = true;
    this.#decodes(pair);
  }

  /** What patches are still being made of when a client leaves is lost to it, and must not come later. */
  #leaving({ naive, expected }: Pair): void {
    this.pump();
    if (this.#kind.patchPool !== undefined) expected.length = naive.texts.length;
  }

  #unsubscribe(pair: Pair): void {
    this.#leaving(pair);
    pair.client.unsubscribe(CHANNEL);
    pair.plain.unsubscribe(CHANNEL);
    pair.naive.forget();
    pair.subscribed = false;
  }

  #changeFilter({ client, plain, subscribed }: Pair): void {
    if (!subscribed) return;
    const filter = this.#pick(FILTERS);
    for (const one of [client, plain]) one.send('pusher:change_filter', { channel: CHANNEL, filter });
  }

  /** It keeps what it knows, and may find another worker. */
  #reconnect(pair: Pair): void {
    this.#leaving(pair);
    // A worker that has seen no key yet gives none, and who holds frames by key looks for no others; that costs a resync.
    if (this.#kind.explicitKeys === true) pair.naive.forget();
    pair.client.close();
    pair.plain.close();
    pair.worker = this.#pick(this.#cluster.workers);
    pair.client = pair.worker.connect(this.#app);
    pair.plain = pair.worker.connect(this.#app);
    pair.offered = [];
    pair.binary = false;
    this.#cluster.clock.advance(1);
    if (this.random.below(4) > 0) this.#enable(pair);
    this.#subscribe(pair);
  }

  #fallBehind({ worker, client, plain }: Pair, slow: boolean): void {
    for (const { transport, connection } of [client, plain]) {
      transport.slow = slow;
      if (!slow) worker.hub.drained(connection);
    }
  }

  #publishDropped({ client, plain }: Pair): void {
    client.transport.dropping = plain.transport.dropping = true;
    this.#publish();
    client.transport.dropping = plain.transport.dropping = false;
  }

  #sendClientEvent(pair: Pair): void {
    if (!pair.subscribed || !this.#mayLeaveOut(pair)) return;
    const { number, data } = this.#event(this.#pick(KEYS));
    pair.excluded.add(number);
    pair.client.send('client-moved', data, CHANNEL);
  }

  #publish(): void {
    const key = this.#pick(KEYS);
    const { number, data } = this.#event(key);
    const left =
      this.random.below(6) === 0 ? this.#pick(this.#pairs.filter((pair) => this.#mayLeaveOut(pair))) : undefined;
    left?.excluded.add(number);
    const { explicitKeys } = this.#kind;
    const event = {
      name: this.#pick(['tick', 'trade', 'é"\\']),
      channels: [CHANNEL],
      data: JSON.stringify(data),
      socketId: left?.client.id,
      tags: this.#pick([undefined, { region: 'eu' }, { region: 'us' }, { region: 'asia', of: 'all' }]),
      conflationKey: explicitKeys === true && this.random.below(5) > 0 ? key : undefined,
      delta: this.random.below(12) > 0,
    };
    assert.equal(publish(this.#pick(this.#cluster.workers).hub, this.#app, [event]), undefined);
  }

  /** Where messages give way to newer ones, one that a client is left out of makes it lose others that its plain one loses not. */
  #mayLeaveOut({ client }: Pair): boolean {
    return !client.transport.slow && this.#kind.conflationIntervalMs === undefined;
  }

  #event(key: string): { readonly number: number; readonly data: object } {
    const number = ++this.#published;
    const known = this.#bodies.get(key);
    const body = known === undefined || this.random.below(12) === 0 ? this.random.text(150) : this.random.edited(known);
    this.#bodies.set(key, body);
    const padding = 'padding '.repeat((this.#kind.padding ?? 0) / 8);
    return { number, data: { asset: key, number, body, padding } };
  }
}

function algorithmOf(data: unknown): Algorithm | undefined {
  return (data as { readonly algorithm?: Algorithm }).algorithm;
}

function numberOf(text: string): number {
  const { data } = JSON.parse(text) as { readonly data: unknown };
  const event = typeof data === 'string' ? (JSON.parse(data) as unknown) : data;
  return (event as { readonly number: number }).number;
}
