import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { conflationKeyOf, KeysOfData, MAX_CONFLATION_KEY } from '../src/conflation-key.ts';
import { type Client, Cluster, publish, type Worker } from './cluster.ts';
import { testApp } from './test-app.ts';

const CHANNEL = 'market';

/** One subscriber of a channel with keys. */
class Scene {
  readonly #app;
  readonly worker: Worker;
  readonly client: Client;

  constructor(conflationIntervalMs: number) {
    const rule = {
      enabled: true,
      algorithm: 'fossil',
      conflationKey: 'asset',
      conflationIntervalMs,
      maxMessagesPerKey: 10,
      maxConflationKeys: 2,
      enableTags: true,
    } as const;
    this.#app = testApp({ channelDelta: [[CHANNEL, rule]], limits: { maxEventBytes: 4_000_000 } });
    this.worker = new Cluster(1).worker(0);
    this.client = this.worker.connect(this.#app);
    this.client.subscribe(CHANNEL);
    this.client.texts();
  }

  price(asset: string | undefined, value: number, padding = 0): void {
    const data = JSON.stringify({ asset, value, padding: '.'.repeat(padding) });
    publish(this.worker.hub, this.#app, [{ name: 'price', channels: [CHANNEL], data, socketId: undefined }]);
  }

  /** What came since the last look. */
  got(): string[] {
    return this.client.received().map(({ data }) => {
      const { asset, value } = JSON.parse(data as string) as { readonly asset?: string; readonly value: number };
      return `${asset ?? ''}${value}`;
    });
  }

  get conflated(): number {
    return this.worker.hub.space(this.#app).counters.messagesConflated;
  }

  set slow(slow: boolean) {
    this.client.transport.slow = slow;
    if (!slow) this.worker.hub.drained(this.client.connection);
  }
}

describe('a conflation window', () => {
  it('lets the first through, and at its end the newest of each key', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const scene = new Scene(100);
    scene.price('a', 1);
    scene.price('a', 2);
    scene.price('b', 1);
    scene.price('a', 3);
    assert.deepEqual(scene.got(), ['a1']);
    t.mock.timers.tick(99);
    assert.deepEqual(scene.got(), []);
    t.mock.timers.tick(1);
    assert.deepEqual(scene.got(), ['a3', 'b1']);
    assert.equal(scene.conflated, 1);
  });

  it('opens again at its end, and after a pause with the next message', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const scene = new Scene(100);
    scene.price('a', 1);
    scene.price('a', 2);
    t.mock.timers.tick(100);
    scene.price('a', 3);
    assert.deepEqual(scene.got(), ['a1', 'a2']);
    t.mock.timers.tick(100);
    assert.deepEqual(scene.got(), ['a3']);
    t.mock.timers.tick(1000);
    scene.price('a', 4);
    assert.deepEqual(scene.got(), ['a4']);
  });

  it('sends at once what has no key', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const scene = new Scene(100);
    scene.price('a', 1);
    scene.price(undefined, 1);
    scene.price(undefined, 2);
    assert.deepEqual(scene.got(), ['a1', '1', '2']);
  });

  it('sends the key that waits longest before its time, where there are too many', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const scene = new Scene(100);
    for (const asset of ['first', 'a', 'b', 'c']) scene.price(asset, 1);
    assert.deepEqual(scene.got(), ['first1', 'a1']);
    t.mock.timers.tick(100);
    assert.deepEqual(scene.got(), ['b1', 'c1']);
  });

  it('ends with its channel', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const scene = new Scene(100);
    scene.price('a', 1);
    scene.price('a', 2);
    scene.client.unsubscribe(CHANNEL);
    scene.client.subscribe(CHANNEL);
    scene.client.texts();
    t.mock.timers.tick(1000);
    assert.deepEqual(scene.got(), []);
  });
});

describe('a client that reads too slowly', () => {
  it('gets of each key the newest message when it reads again', () => {
    const scene = new Scene(0);
    scene.slow = true;
    scene.price('a', 1);
    scene.price('b', 1);
    scene.price('a', 2);
    scene.price(undefined, 9);
    assert.deepEqual(scene.got(), ['9']);
    scene.slow = false;
    assert.deepEqual(scene.got(), ['a2', 'b1']);
    assert.equal(scene.conflated, 1);
  });

  it('gets nothing of a channel that it has left meanwhile', () => {
    const scene = new Scene(0);
    scene.slow = true;
    scene.price('a', 1);
    scene.client.unsubscribe(CHANNEL);
    scene.slow = false;
    assert.deepEqual(scene.got(), []);
  });

  it('has at most 1000 keys that wait', () => {
    const scene = new Scene(0);
    scene.slow = true;
    for (let n = 0; n < 1001; n++) scene.price(`k${n}-`, n);
    assert.deepEqual(scene.got(), ['k1000-1000']);
    scene.slow = false;
    assert.equal(scene.got().length, 1000);
  });

  it('has at most 4 MiB that wait, also where messages grow', () => {
    const scene = new Scene(0);
    scene.slow = true;
    for (const asset of ['a', 'b', 'c']) scene.price(asset, 1);
    for (const asset of ['a', 'b', 'c']) scene.price(asset, 2, 1_800_000);
    assert.deepEqual(scene.got(), ['c2']);
    scene.slow = false;
    assert.deepEqual(scene.got(), ['a2', 'b2']);
  });
});

describe('a conflation key', () => {
  const data = JSON.stringify({
    a: { b: 'x', n: 1.5, no: null, list: [1] },
    on: true,
    data: { c: 'in data' },
    'a.b': 1,
  });

  it('is the string, number or boolean at the path', () => {
    assert.equal(conflationKeyOf(data, 'a.b'), 'x');
    assert.equal(conflationKeyOf(data, 'a.n'), '1.5');
    assert.equal(conflationKeyOf(data, 'on'), 'true');
  });

  it('may be named from the event on, as Sockudo has it', () => {
    assert.equal(conflationKeyOf(data, 'data.a.b'), 'x');
    assert.equal(conflationKeyOf(data, 'data.c'), 'in data');
  });

  it('is none where there is nothing of the kind', () => {
    for (const path of ['a', 'a.no', 'a.list', 'a.list.0', 'z', 'a.b.length', 'constructor.name']) {
      assert.equal(conflationKeyOf(data, path), '', path);
    }
    assert.equal(conflationKeyOf('no JSON', 'a'), '');
    assert.equal(conflationKeyOf(JSON.stringify({ a: 'k'.repeat(MAX_CONFLATION_KEY + 1) }), 'a'), '');
  });
});

it('the keys of one event are those of each path that is asked for, in any order', () => {
  const keys = new KeysOfData('{"a":1,"b":{"c":"x"}}');
  assert.deepEqual(
    ['a', 'a', 'b.c', 'none', 'a'].map((path) => keys.at(path)),
    ['1', '1', 'x', '', '1'],
  );
});
