import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cluster, err, ok, type Worker, publish } from './cluster.ts';
import { testApp } from './test-app.ts';

const app = testApp();
const CHANNEL = 'cache-x';
const MISS = { event: 'pusher:cache_miss', channel: CHANNEL, data: '{}' };

function send(worker: Worker, data: string, channel = CHANNEL): void {
  const events = [{ name: 'e', channels: [channel], data, socketId: undefined }];
  assert.equal(publish(worker.hub, app, events), undefined);
}

const event = (data: string, channel = CHANNEL) => ({ event: 'e', channel, data });

describe('a cache channel', () => {
  it('CA-01: tells a subscriber that it keeps nothing', () => {
    const client = new Cluster(1).worker(0).connect(app);
    client.subscribe(CHANNEL);
    assert.deepEqual(client.received(), [ok(CHANNEL), MISS]);
  });

  it('WH-11: that keeps nothing is told for webhooks that want it', () => {
    const cluster = new Cluster(1);
    const worker = cluster.worker(0);
    worker.connect(testApp({ webhookEvents: ['cache_miss'] })).subscribe(CHANNEL);
    assert.deepEqual(cluster.primary.emitted.splice(0), [{ type: 'cache_miss', appId: '1001', channel: CHANNEL }]);
    send(worker, '1');
    worker.connect(testApp({ webhookEvents: ['cache_miss'] })).subscribe(CHANNEL);
    assert.deepEqual(cluster.primary.emitted, []);
  });

  it('and without such webhooks tells nobody else', () => {
    const cluster = new Cluster(1);
    cluster.worker(0).connect(app).subscribe(CHANNEL);
    assert.deepEqual(cluster.primary.emitted, []);
  });

  it('CA-02, CA-03, CA-09: gives the last event to a later subscriber, of another worker too', () => {
    const cluster = new Cluster(2);
    send(cluster.worker(0), '1');
    send(cluster.worker(0), '2');
    for (const index of [0, 1]) {
      const client = cluster.worker(index).connect(app);
      client.subscribe(CHANNEL);
      assert.deepEqual(client.received(), [ok(CHANNEL), event('2')]);
    }
  });

  it('gives the last event to later subscribers whose filter lets it through, and to the others none', () => {
    const cluster = new Cluster(2, { tagFiltering: { enabled: true, enableTags: false } });
    const events = [{ name: 'e', channels: [CHANNEL], data: '1', socketId: undefined, tags: { kind: 'goal' } }];
    publish(cluster.worker(0).hub, app, events);
    for (const [val, expected] of [
      ['goal', event('1')],
      ['foul', MISS],
    ] as const) {
      const client = cluster.worker(1).connect(app);
      const filter = { key: 'kind', cmp: 'eq', val };
      client.send('pusher:subscribe', { channel: CHANNEL, filter });
      assert.deepEqual(client.received(), [ok(CHANNEL), expected]);
    }
  });

  for (const channel of ['cache-x', 'private-cache-x', 'private-encrypted-cache-x']) {
    it(`CA-05: keeps its last event: ${channel}`, () => {
      const worker = new Cluster(1).worker(0);
      send(worker, '1', channel);
      const client = worker.connect(app);
      client.subscribe(channel);
      assert.deepEqual(client.received(), [ok(channel), event('1', channel)]);
    });
  }

  it('PR-21: with presence gives the member list, then its last event', () => {
    const worker = new Cluster(1).worker(0);
    send(worker, '1', 'presence-cache-x');
    const client = worker.connect(app);
    client.enter('presence-cache-x', '1');
    const [list, kept, ...rest] = client.received();
    assert.equal(list?.event, 'pusher_internal:subscription_succeeded');
    assert.deepEqual(kept, event('1', 'presence-cache-x'));
    assert.deepEqual(rest, []);
  });

  it('CA-06: does not keep client events, which do not stand in the way of what it keeps either', () => {
    const cluster = new Cluster(2);
    const channel = 'private-cache-x';
    send(cluster.worker(0), 'kept', channel);
    const sender = cluster.worker(0).connect(app);
    sender.subscribe(channel);
    const worker = cluster.worker(1);
    worker.registry.down.hold();
    const late = worker.connect(app);
    late.subscribe(channel);
    sender.send('client-e', '"c"', channel);
    worker.registry.down.release();
    assert.deepEqual(late.received().at(-1), event('kept', channel));
  });

  it('CA-06: gives what it keeps though a client event of the same worker came meanwhile', () => {
    const worker = new Cluster(1).worker(0);
    const channel = 'private-cache-x';
    send(worker, 'kept', channel);
    const [sender, late] = [worker.connect(app), worker.connect(app)];
    sender.subscribe(channel);
    worker.registry.down.hold();
    late.subscribe(channel);
    sender.send('client-e', '"c"', channel);
    worker.registry.down.release();
    assert.deepEqual(late.received().at(-1), event('kept', channel));
  });

  it('CA-07: does not give it again to who was there', () => {
    const worker = new Cluster(1).worker(0);
    const [first, second] = [worker.connect(app), worker.connect(app)];
    first.subscribe(CHANNEL);
    send(worker, '1');
    assert.deepEqual(first.received(), [ok(CHANNEL), MISS, event('1')]);
    second.subscribe(CHANNEL);
    assert.deepEqual(first.received(), []);
  });

  it('CA-08: is one by its prefix only', () => {
    const worker = new Cluster(1).worker(0);
    send(worker, '1', 'my-cache-x');
    const client = worker.connect(app);
    client.subscribe('my-cache-x');
    assert.deepEqual(client.received(), [ok('my-cache-x')]);
  });

  for (const [where, publisher] of [
    ['the same worker', 1],
    ['another worker', 0],
  ] as const) {
    it(`CA-17: never gives an older event after a newer one, published meanwhile by ${where}`, () => {
      const cluster = new Cluster(2);
      send(cluster.worker(0), 'older');
      const worker = cluster.worker(1);
      worker.registry.down.hold();
      const client = worker.connect(app);
      client.subscribe(CHANNEL);
      send(cluster.worker(publisher), 'newer');
      worker.registry.down.release();
      assert.deepEqual(client.received(), [ok(CHANNEL), event('newer')]);
    });
  }

  it('gives nothing more to a subscriber that has left meanwhile', () => {
    const worker = new Cluster(1).worker(0);
    worker.registry.down.hold();
    const client = worker.connect(app);
    client.subscribe(CHANNEL);
    client.unsubscribe(CHANNEL);
    worker.registry.down.release();
    assert.deepEqual(client.received(), [ok(CHANNEL)]);
  });
});

describe('numbers of subscribers', () => {
  const counting = testApp({ subscriptionCountEvents: true });
  const count = (n: number, channel = 'x') => ({
    event: 'pusher_internal:subscription_count',
    channel,
    data: `{"subscription_count":${n}}`,
  });

  it('SC-01, SC-02, SC-03: are told to all who are subscribed, after the confirmation, and not to who left', () => {
    const cluster = new Cluster(2);
    const [a, b] = [cluster.worker(0).connect(counting), cluster.worker(1).connect(counting)];
    a.subscribe('x');
    assert.deepEqual(a.received(), [ok('x'), count(1)]);
    b.subscribe('x');
    assert.deepEqual([a.received(), b.received()], [[count(2)], [ok('x'), count(2)]]);
    b.unsubscribe('x');
    assert.deepEqual([a.received(), b.received()], [[count(1)], []]);
  });

  it('SC-04, PR-27: are told neither where the app does not ask for it nor on presence channels', () => {
    const worker = new Cluster(1).worker(0);
    const [plain, present] = [worker.connect(app), worker.connect(counting)];
    plain.subscribe('x');
    present.enter('presence-x', '1');
    assert.deepEqual([plain.received().length, present.received().length], [1, 1]);
  });

  it('CA-15: come after what a cache channel keeps', () => {
    const client = new Cluster(1).worker(0).connect(counting);
    client.subscribe(CHANNEL);
    assert.deepEqual(client.received(), [ok(CHANNEL), MISS, count(1, CHANNEL)]);
  });
});

describe('a watchlist', () => {
  const watching = testApp({ watchlistEvents: true });
  const userData = (id: string, watchlist?: readonly unknown[]) => JSON.stringify({ id, watchlist });
  const change = (...events: readonly (readonly [name: string, ids: readonly string[]])[]) => ({
    event: 'pusher_internal:watchlist_events',
    data: JSON.stringify({ events: events.map(([name, ids]) => ({ name, user_ids: ids })) }),
  });

  function setUp() {
    const cluster = new Cluster(2);
    const connect = (index: number, id: string, watchlist?: readonly unknown[]) => {
      const client = cluster.worker(index).connect(watching);
      client.signIn(userData(id, watchlist));
      return client;
    };
    return { cluster, connect };
  }

  it('WL-01, WL-02, WL-03, WL-04: tells who is online at first, then who comes and goes, on any worker', () => {
    const { connect } = setUp();
    connect(1, 'b');
    const a = connect(0, 'a', ['b', 'c']);
    const [success, initial, ...rest] = a.received();
    assert.equal(success?.event, 'pusher:signin_success');
    assert.deepEqual([initial, rest], [change(['online', ['b']], ['offline', ['c']]), []]);
    const [first, second] = [connect(1, 'c'), connect(0, 'c')];
    assert.deepEqual(a.received(), [change(['online', ['c']])]);
    first.close();
    assert.deepEqual(a.received(), []);
    second.close();
    assert.deepEqual(a.received(), [change(['offline', ['c']])]);
  });

  it('WL-06: of more than 100 users is cut, with an error that says so before the first events', () => {
    const { connect } = setUp();
    const ids = Array.from({ length: 101 }, (_, i) => `${'u'.repeat(124)}${i + 1000}`);
    const a = connect(0, 'a', ids);
    const [, error, initial] = a.received();
    const watched = ids.slice(0, 100);
    const message = `Watchlist has more than 100 users; only these are watched: ${watched.join()}`;
    assert.deepEqual(error, err(4302, message));
    assert.deepEqual(initial, change(['offline', watched]));
    connect(0, ids[100] ?? '');
    assert.deepEqual(a.received(), []);
  });

  it('makes one frame for all who watch a user', () => {
    const { cluster, connect } = setUp();
    const watchers = Array.from({ length: 5 }, (_, i) => connect(0, `a${i}`, ['b']));
    const before = cluster.worker(0).framer.made;
    const b = connect(1, 'b');
    assert.equal(cluster.worker(0).framer.made, before + 1);
    for (const client of watchers) assert.deepEqual(client.received().at(-1), change(['online', ['b']]));
    b.close();
    for (const client of watchers) client.close();
    cluster.assertEmpty(watching);
  });

  it('tells nothing between another sign-in and its first state', () => {
    const { cluster, connect } = setUp();
    connect(0, 'other', ['b']);
    const a = connect(0, 'a', ['b']);
    a.texts();
    cluster.worker(0).registry.up.hold();
    a.signIn(userData('a', ['b', 'c']));
    connect(1, 'b');
    a.signIn(userData('a', ['b', 'd']));
    assert.deepEqual(
      a.received().map(({ event: name }) => name),
      ['pusher:signin_success', 'pusher:signin_success'],
    );
    cluster.worker(0).registry.up.release();
    assert.deepEqual(a.received(), [change(['online', ['b']], ['offline', ['d']])]);
  });

  it('WL-05, WL-08: brings no frame where the app has it off, nor where it is empty or missing', () => {
    const cluster = new Cluster(1);
    const off = cluster.worker(0).connect(app);
    off.signIn(userData('a', ['b']));
    const { connect } = setUp();
    for (const client of [off, connect(0, 'a'), connect(0, 'a', [])]) assert.equal(client.received().length, 1);
  });

  it('WL-10: takes numbers for strings, and refuses what is no list of ids', () => {
    const { connect } = setUp();
    connect(0, '7');
    assert.deepEqual(connect(0, 'a', [7, '7']).received()[1], change(['online', ['7']]));
    assert.deepEqual(connect(0, 'a', [{}]).received(), [
      err(null, 'Invalid user_data: watchlist has to be a list of user ids'),
    ]);
  });

  it('WL-07: ends with its connection, and leaves the watchlists of others alone', () => {
    const { cluster, connect } = setUp();
    const [a, other] = [connect(0, 'a', ['b']), connect(0, 'x', ['b'])];
    for (const client of [a, other]) client.texts();
    a.close();
    const b = connect(1, 'b');
    assert.deepEqual(other.received(), [change(['online', ['b']])]);
    for (const client of [other, b]) client.close();
    assert.equal(cluster.worker(0).registry.watched.size, 0);
    assert.deepEqual([...cluster.primary.online.values()], [0, 0, 0]);
  });

  it('is replaced by another sign-in of the same user', () => {
    const { connect } = setUp();
    const a = connect(0, 'a', ['b']);
    a.signIn(userData('a', ['c']));
    a.texts();
    connect(1, 'b');
    connect(1, 'c');
    assert.deepEqual(a.received(), [change(['online', ['c']])]);
  });

  it('tells no change before the first state, however late that comes', () => {
    const { cluster, connect } = setUp();
    connect(0, 'early', ['b']);
    cluster.worker(0).registry.up.hold();
    const a = connect(0, 'a', ['b']);
    connect(1, 'b');
    cluster.worker(0).registry.up.release();
    assert.deepEqual(a.received().slice(1), [change(['online', ['b']])]);
  });
});
