import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { emptyDeltaCounters, PatchPool } from '@sluice/delta';
import { until } from '@sluice/testkit';
import type { PublishedEvent } from '../src/publish.ts';
import { type Client, Cluster, err, ok, publish, type Worker } from './cluster.ts';
import { EXTENSIONS, testApp } from './test-app.ts';

const CHANNEL = 'market';
const TEXT = 'what stays the same from one message to the next '.repeat(6);

function subscriber(worker: Worker, app = testApp()): Client {
  const client = worker.connect(app);
  client.subscribe(CHANNEL, { delta: 'fossil' });
  client.texts();
  return client;
}

function price(worker: Worker, value: number, more: Partial<PublishedEvent> = {}): void {
  const event = { name: 'price', channels: [CHANNEL], data: `${TEXT}${value}`, socketId: undefined, ...more };
  assert.equal(publish(worker.hub, testApp(), [event]), undefined);
}

function events(client: Client): string[] {
  return client.received().map(({ event }) => event);
}

describe('a delta', () => {
  it('is one frame for all who hold the same base, and computed once', () => {
    const worker = new Cluster(1).worker(0);
    const clients = Array.from({ length: 20 }, () => subscriber(worker));
    price(worker, 1);
    price(worker, 2);
    const frames = new Set(clients.map(({ transport }) => transport.frames.at(-1)));
    assert.equal(frames.size, 1);
    assert.deepEqual(worker.metrics.deltas.computed, { fossil: 1, xdelta3: 0 });
    assert.equal(worker.metrics.deltas.deltas, 1);
    for (const client of clients) assert.deepEqual(events(client), ['price', 'pusher:delta']);
  });

  it('is computed once for each algorithm', () => {
    const worker = new Cluster(1).worker(0);
    const [first, second] = [subscriber(worker), worker.connect(testApp())];
    second.subscribe(CHANNEL, { delta: 'xdelta3' });
    price(worker, 1);
    price(worker, 2);
    assert.deepEqual(worker.metrics.deltas.computed, { fossil: 1, xdelta3: 1 });
    const [, , delta] = second.received();
    assert.equal((delta?.data as { readonly algorithm?: string } | undefined)?.algorithm, 'xdelta3');
    assert.deepEqual(events(first), ['price', 'pusher:delta']);
  });

  it('is made of one patch for those who take JSON and those who take bytes', () => {
    const worker = new Cluster(1).worker(0);
    const clients = Array.from({ length: 6 }, (_, n) => {
      const client = worker.connect(testApp());
      client.send('pusher:enable_delta_compression', { algorithms: ['fossil'], binary: n % 2 === 0 });
      client.subscribe(CHANNEL);
      client.texts();
      return client;
    });
    price(worker, 1);
    price(worker, 2);
    assert.deepEqual(worker.metrics.deltas.computed, { fossil: 1, xdelta3: 0 });
    const frames = new Set(clients.map(({ transport }) => transport.frames.at(-1)));
    assert.equal(frames.size, 2);
    const starts = clients.map((client) => client.texts().at(-1)?.slice(0, 2));
    assert.deepEqual(starts, Array.from({ length: 3 }, () => ['\x01\0', '{"']).flat());
  });

  it('that another worker made is taken over', () => {
    const cluster = new Cluster(2);
    const [here, there] = [cluster.worker(0), cluster.worker(1)];
    subscriber(here);
    const client = subscriber(there);
    price(here, 1);
    price(here, 2);
    assert.deepEqual(there.metrics.deltas.computed, { fossil: 0, xdelta3: 0 });
    assert.deepEqual(there.metrics.deltas.reused, { fossil: 1, xdelta3: 0 });
    assert.deepEqual(events(client), ['price', 'pusher:delta']);
  });

  it('is not made from a message that was sent with delta: false', () => {
    const worker = new Cluster(1).worker(0);
    const client = subscriber(worker);
    price(worker, 1);
    price(worker, 2, { delta: false });
    price(worker, 3);
    const [base, plain, delta] = client.received();
    assert.equal(plain?.__delta_seq, undefined);
    assert.equal((delta?.data as { readonly base_index?: number } | undefined)?.base_index, base?.__delta_seq);
  });
});

describe('an encrypted channel', () => {
  it('has no deltas, whoever asks for them, and no bases', () => {
    const worker = new Cluster(1).worker(0);
    const client = worker.connect(testApp());
    const channels = ['private-encrypted-market', 'private-market'];
    client.send('pusher:enable_delta_compression', { algorithms: ['fossil'], binary: true });
    for (const channel of channels) client.subscribe(channel, { delta: 'fossil' });
    client.texts();
    price(worker, 1, { channels });
    price(worker, 2, { channels });
    const ofChannel = (name: string): string[] => {
      const texts = client.transport.texts.filter((text) => text.includes(`"${name}","data"`));
      return texts
        .filter((text) => text.startsWith('{"event":"price"'))
        .map((text) => (text.includes('__delta_seq') ? 'full' : 'plain'));
    };
    assert.deepEqual(channels.map(ofChannel), [['plain', 'plain'], ['full']]);
  });
});

describe('full messages between deltas', () => {
  const deltas = { ...EXTENSIONS.deltas, fullMessageInterval: 2, alignIntervals: true };

  it('come to the other workers with those of the worker whose interval ends first', () => {
    const cluster = new Cluster(2, { deltas });
    const [here, there] = [cluster.worker(0), cluster.worker(1)];
    subscriber(here);
    price(here, 1);
    price(here, 2);
    const late = [subscriber(there), subscriber(there), subscriber(there), subscriber(there)];
    price(here, 3);
    price(here, 4);
    for (const client of late) assert.deepEqual(events(client), ['price', 'price']);
    assert.equal(there.metrics.deltas.fulls.asked, 1);
  });

  it('come when each worker has them due, unless they are aligned', () => {
    const cluster = new Cluster(2, { deltas: { ...deltas, alignIntervals: false } });
    const [here, there] = [cluster.worker(0), cluster.worker(1)];
    subscriber(here);
    price(here, 1);
    price(here, 2);
    const late = subscriber(there);
    price(here, 3);
    price(here, 4);
    assert.deepEqual(events(late), ['price', 'pusher:delta']);
  });
});

describe('pusher:enable_delta_compression', () => {
  it('after the subscription begins with a full message, and repeats nothing', () => {
    const worker = new Cluster(1).worker(0);
    const client = worker.connect(testApp());
    client.subscribe(CHANNEL);
    price(worker, 1);
    client.send('pusher:enable_delta_compression', { algorithms: ['fossil'] });
    price(worker, 2);
    price(worker, 3);
    const enabled = { event: 'pusher:delta_compression_enabled', data: { enabled: true, algorithm: 'fossil' } };
    const got = client.received();
    assert.deepEqual(got[2], enabled);
    assert.deepEqual(
      got.map(({ event }) => event),
      [ok(CHANNEL).event, 'price', enabled.event, 'price', 'pusher:delta'],
    );
  });

  it('reaches no further than the limit of a connection, and what is given up makes room', () => {
    const worker = new Cluster(1, { deltas: { ...EXTENSIONS.deltas, maxStatesPerConnection: 1 } }).worker(0);
    const client = worker.connect(testApp());
    client.subscribe('first', { delta: true });
    client.subscribe(CHANNEL, { delta: true });
    assert.deepEqual(
      [...client.connection.subscriptions.values()].map(({ delta }) => delta !== null),
      [true, false],
    );
    client.unsubscribe('first');
    client.unsubscribe(CHANNEL);
    client.subscribe(CHANNEL, { delta: true });
    assert.notEqual(client.connection.subscriptions.get(CHANNEL)?.delta, null);
  });
});

describe('a channel that its last subscriber left while a patch is made', () => {
  it('sends nothing of before to who comes after', async (t) => {
    const counters = emptyDeltaCounters();
    const patchPool = new PatchPool({ threads: 1, maxQueue: 8, deadlineMs: 5000, counters });
    t.after(() => patchPool.close());
    const app = testApp({ limits: { maxEventBytes: 200_000 } });
    const worker = new Cluster(1, {}, patchPool).worker(0);
    const large = (value: number): void => {
      const event = { name: 'price', channels: [CHANNEL], data: `${TEXT.repeat(200)}${value}`, socketId: undefined };
      assert.equal(publish(worker.hub, app, [event]), undefined);
    };
    const [stays, leaves] = [worker.connect(app), subscriber(worker, app)];
    stays.subscribe(CHANNEL);
    large(1);
    large(2);
    large(3);
    leaves.unsubscribe(CHANNEL);
    const comes = subscriber(worker, app);
    await until('the patch', () => counters.pooled > 0);
    large(4);
    large(5);
    await until('the second patch', () => counters.pooled > 1);
    await until('the delta', () => comes.transport.texts.length > 3);
    assert.deepEqual(events(comes), ['price', 'pusher:delta']);
  });
});

describe('pusher:change_filter', () => {
  it('holds from then on, and is confirmed', () => {
    const worker = new Cluster(1).worker(0);
    const client = subscriber(worker);
    const change = (filter: unknown): void => client.send('pusher:change_filter', { channel: CHANNEL, filter });
    change({ key: 'region', cmp: 'eq', val: 'eu' });
    price(worker, 1, { tags: { region: 'us' } });
    price(worker, 2, { tags: { region: 'eu' } });
    change(null);
    price(worker, 3);
    assert.deepEqual(events(client), ['pusher:filter_changed', 'price', 'pusher:filter_changed', 'pusher:delta']);
    assert.equal(worker.hub.space(testApp()).counters.messagesFiltered, 1);
  });

  it('leaves the filter as it was where the new one is wrong or there is no subscription', () => {
    const worker = new Cluster(1).worker(0);
    const client = worker.connect(testApp());
    client.subscribe(CHANNEL, { filter: { key: 'region', cmp: 'eq', val: 'eu' } });
    client.texts();
    client.send('pusher:change_filter', { channel: CHANNEL, filter: { key: 'region', cmp: 'near', val: 'eu' } });
    client.send('pusher:change_filter', { channel: 'other', filter: null });
    price(worker, 1, { tags: { region: 'us' } });
    const got = client.received();
    assert.deepEqual(
      got.map(({ event }) => event),
      ['pusher:error', 'pusher:error'],
    );
    assert.deepEqual(got[1], err(null, 'No current subscription to channel other, or subscription in progress'));
  });
});
