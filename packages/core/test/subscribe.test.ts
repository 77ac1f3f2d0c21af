import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '@sluice/testkit';
import { type Client, Cluster, err, ok, refused, type Worker, publish } from './cluster.ts';
import { testApp } from './test-app.ts';

const app = testApp();
const PREFIX_ERROR = 'use up to 164 of the characters A-Z a-z 0-9 _ - = @ , . ;';

function send(worker: Worker, channel: string, data = '{}'): void {
  assert.equal(publish(worker.hub, app, [{ name: 'e', channels: [channel], data, socketId: undefined }]), undefined);
}

describe('a subscription', () => {
  it('SB-01, SB-02: is confirmed, with and without an auth member', () => {
    const client = new Cluster(1).worker(0).connect(app);
    client.sendText('{"event":"pusher:subscribe","data":{"auth":"","channel":"my-channel"}}');
    client.sendText('{"event":"pusher:subscribe","data":{"channel":"other"}}');
    assert.deepEqual(client.texts(), [
      '{"event":"pusher_internal:subscription_succeeded","channel":"my-channel","data":"{}"}',
      '{"event":"pusher_internal:subscription_succeeded","channel":"other","data":"{}"}',
    ]);
  });

  it('SB-16: may be to a name of digits, which stays a string', () => {
    const worker = new Cluster(1).worker(0);
    const client = worker.connect(app);
    client.subscribe('123');
    send(worker, '123');
    assert.deepEqual(client.received(), [ok('123'), { event: 'e', channel: '123', data: '{}' }]);
  });

  it('SB-03, SB-04: a second time is an error for the connection alone, and events still come once', () => {
    const worker = new Cluster(1).worker(0);
    const client = worker.connect(app);
    client.subscribe('my-channel');
    client.subscribe('my-channel');
    assert.deepEqual(client.received(), [ok('my-channel'), err(null, 'Existing subscription to channel my-channel')]);
    send(worker, 'my-channel');
    assert.equal(client.texts().length, 1);
    client.close();
    worker.assertEmpty(app);
  });

  it('SB-03: is refused while the first is still on its way, and that one is not disturbed', () => {
    const worker = new Cluster(1).worker(0);
    worker.backbone.control.hold();
    worker.registry.up.hold();
    const client = worker.connect(app);
    client.subscribe('x');
    client.subscribe('x');
    client.enter('presence-x', '1');
    client.enter('presence-x', '1');
    assert.deepEqual(client.received(), [
      err(null, 'Existing subscription to channel x'),
      err(null, 'Existing subscription to channel presence-x'),
    ]);
    worker.backbone.control.release();
    worker.registry.up.release();
    assert.deepEqual(
      client.received().map((frame) => frame.channel),
      ['x', 'presence-x'],
    );
  });

  it('SB-10: may be to a name of 164 characters and not of 165', () => {
    const client = new Cluster(1).worker(0).connect(app);
    const [longest, longer] = ['x'.repeat(164), 'x'.repeat(165)];
    client.subscribe(longest);
    assert.deepEqual(client.received(), [ok(longest)]);
    client.subscribe(longer);
    assert.deepEqual(
      client.received(),
      refused(longer, {
        type: 'InvalidRequest',
        status: 400,
        message: `Invalid channel name '${longer}': ${PREFIX_ERROR}`,
      }),
    );
  });

  for (const channel of ['a:b', 'a b', 'a/b', 'a#b', 'é', '', '#foo', '"', '%s', '$&']) {
    it(`SB-12, SB-13: to ${JSON.stringify(channel)} is refused to the connection and to the channel`, () => {
      const worker = new Cluster(1).worker(0);
      const client = worker.connect(app);
      client.subscribe(channel);
      const message = `Invalid channel name '${channel}': ${PREFIX_ERROR}`;
      assert.deepEqual(client.received(), refused(channel, { type: 'InvalidRequest', status: 400, message }));
      assert.equal(worker.hub.space(app).channels.size, 0);
      assert.equal(client.connection.subscriptions.size, 0);
    });
  }

  it('beyond the most that a connection may have is refused, until one is given up', () => {
    const client = new Cluster(1, { maxSubscriptionsPerConnection: 2 }).worker(0).connect(app);
    for (const channel of ['a', 'b', 'c']) client.subscribe(channel);
    const message = 'Subscription refused: this connection already has 2 subscriptions, the most allowed';
    assert.deepEqual(client.received(), [
      ok('a'),
      ok('b'),
      ...refused('c', { type: 'LimitReached', status: 403, message }),
    ]);
    client.unsubscribe('a');
    client.subscribe('c');
    assert.deepEqual(client.received(), [ok('c')]);
  });
});

describe('giving a subscription up', () => {
  it('SB-05, SB-07: is silent, ends the events, and may be followed by another', () => {
    const worker = new Cluster(1).worker(0);
    const client = worker.connect(app);
    client.subscribe('x');
    client.unsubscribe('x');
    send(worker, 'x');
    assert.deepEqual(client.received(), [ok('x')]);
    assert.deepEqual(worker.backbone.left, ['1001:x']);
    client.subscribe('x');
    send(worker, 'x');
    assert.deepEqual(
      client.received().map((frame) => frame.event),
      ['pusher_internal:subscription_succeeded', 'e'],
    );
    client.close();
    worker.assertEmpty(app);
  });

  for (const channel of ['x', '', '#foo', '__proto__', 'constructor']) {
    it(`SB-06: that does not exist is an error: ${JSON.stringify(channel)}`, () => {
      const client = new Cluster(1).worker(0).connect(app);
      client.unsubscribe(channel);
      assert.deepEqual(client.received(), [
        err(null, `No current subscription to channel ${channel}, or subscription in progress`),
      ]);
    });
  }

  it('SB-06: that is still on its way is an error, and it is confirmed afterwards', () => {
    const worker = new Cluster(1).worker(0);
    worker.backbone.control.hold();
    const client = worker.connect(app);
    client.subscribe('x');
    client.unsubscribe('x');
    assert.deepEqual(client.received(), [
      err(null, 'No current subscription to channel x, or subscription in progress'),
    ]);
    worker.backbone.control.release();
    assert.deepEqual(client.received(), [ok('x')]);
  });
});

describe('confirmations', () => {
  it('SB-18: of 1000 subscriptions come in the order of the requests', () => {
    const client = new Cluster(1).worker(0).connect(app);
    const channels = Array.from({ length: 1000 }, (_, i) => `c${i}`);
    for (const channel of channels) client.subscribe(channel);
    assert.deepEqual(client.received(), channels.map(ok));
  });

  for (let seed = 1; seed <= 20; seed++) {
    it(`SB-18: keep that order when the backbone joins some channels late and in any order (seed ${seed})`, () => {
      const random = new Random(seed);
      const worker = new Cluster(1).worker(0);
      const names = Array.from({ length: 40 }, (_, i) => `c${i}`);
      const early = worker.connect(app);
      for (const channel of names.slice(0, 20)) early.subscribe(channel);
      const joins: (() => void)[] = [];
      worker.backbone.join = (_topic, joined) => void joins.push(joined);
      const clients = [worker.connect(app), worker.connect(app)];
      const orders = clients.map((client) => {
        const order = random.shuffle(names);
        for (const channel of order) client.subscribe(channel);
        return order;
      });
      assert.equal(joins.length, 20);
      const seen: string[][] = clients.map(() => []);
      const look = (): void =>
        clients.forEach((client, i) => seen[i]?.push(...client.received().map((frame) => frame.channel ?? '')));
      for (const joined of random.shuffle(joins)) {
        look();
        for (const [i, order] of orders.entries()) assert.deepEqual(seen[i], order.slice(0, seen[i]?.length));
        joined();
      }
      look();
      assert.deepEqual(seen, orders);
      for (const client of clients) assert.deepEqual(client.connection.confirmations, []);
    });
  }

  it('of a channel that others here already have do not wait for anybody', () => {
    const worker = new Cluster(1).worker(0);
    worker.connect(app).subscribe('x');
    worker.backbone.control.hold();
    const client = worker.connect(app);
    client.subscribe('x');
    assert.deepEqual(client.received(), [ok('x')]);
  });

  it('of all who wait for one channel come when it is joined', () => {
    const worker = new Cluster(1).worker(0);
    worker.backbone.control.hold();
    const clients = Array.from({ length: 5 }, () => worker.connect(app));
    for (const client of clients) client.subscribe('x');
    for (const client of clients) assert.deepEqual(client.texts(), []);
    worker.backbone.control.release();
    for (const client of clients) assert.deepEqual(client.received(), [ok('x')]);
  });
});

describe('a connection that ends while its subscription is on its way', () => {
  it('is never confirmed and leaves nothing behind', () => {
    const cluster = new Cluster(1);
    const worker = cluster.worker(0);
    worker.backbone.control.hold();
    const client = worker.connect(app);
    for (const channel of ['x', 'y', 'private-z']) client.subscribe(channel);
    client.close();
    worker.backbone.control.release();
    assert.deepEqual(client.texts(), []);
    cluster.assertEmpty(app);
    assert.equal(worker.registry.calls.includes('count'), false);
  });

  it('does not take the channel away from others who wait', () => {
    const cluster = new Cluster(1);
    const worker = cluster.worker(0);
    worker.backbone.control.hold();
    const [a, b] = [worker.connect(app), worker.connect(app)];
    for (const client of [a, b]) client.subscribe('x');
    a.close();
    worker.backbone.control.release();
    assert.deepEqual(b.received(), [ok('x')]);
    send(worker, 'x');
    assert.equal(b.received().length, 1);
    b.close();
    cluster.assertEmpty(app);
  });

  it('may be followed by another on the same channel before the first was joined', () => {
    const cluster = new Cluster(2);
    const worker = cluster.worker(0);
    worker.backbone.control.hold();
    const first = worker.connect(app);
    first.subscribe('x');
    first.close();
    const second = worker.connect(app);
    second.subscribe('x');
    // The join of the first passes; it must not count for the second, whose channel was left in between.
    worker.backbone.control.step();
    assert.deepEqual(second.texts(), []);
    worker.backbone.control.release();
    assert.deepEqual(second.received(), [ok('x')]);
    send(cluster.worker(1), 'x');
    assert.equal(second.received().length, 1);
    second.close();
    cluster.assertEmpty(app);
  });
});

describe('events and confirmations', () => {
  it('SB-14: no event comes before the confirmation, from here or from elsewhere', () => {
    const cluster = new Cluster(2);
    const [here, elsewhere] = [cluster.worker(0), cluster.worker(1)];
    here.backbone.control.hold();
    const client = here.connect(app);
    client.subscribe('x');
    send(here, 'x', 'early');
    send(elsewhere, 'x', 'early');
    assert.deepEqual(client.texts(), []);
    here.backbone.control.release();
    send(elsewhere, 'x', 'late');
    send(here, 'x', 'later');
    assert.deepEqual(
      client.received().map((frame) => frame.data),
      ['{}', 'late', 'later'],
    );
  });

  for (let seed = 1; seed <= 25; seed++) {
    it(`SB-14: a confirmed subscriber misses nothing and gets nothing twice or too early (seed ${seed})`, () => {
      runStory(new Random(seed));
    });
  }
});

interface Watch {
  readonly client: Client;
  /** Per channel, while it is confirmed: what was published since. */
  readonly owed: Map<string, string[]>;
  readonly got: Map<string, string[]>;
}

/** Random steps of three workers whose lines are slow; then everything that is owed must have come, in order. */
function runStory(random: Random): void {
  const cluster = new Cluster(3);
  const channels = ['a', 'b', 'private-c'];
  for (const { backbone } of cluster.workers) {
    backbone.control.hold();
    backbone.inbox.hold();
  }
  const watches: Watch[] = [];
  const look = (): void => {
    for (const { client, owed, got } of watches) {
      for (const { event, channel = '', data } of client.received()) {
        if (event === 'pusher_internal:subscription_succeeded') {
          assert.equal(owed.has(channel), false);
          owed.set(channel, []);
          got.set(channel, []);
        } else if (event === 'e') {
          assert.ok(got.has(channel), 'an event before the confirmation');
          got.get(channel)?.push(String(data));
        }
      }
    }
  };
  for (let n = 0; n < 300; n++) {
    const worker = random.pick(cluster.workers);
    const action = random.below(10);
    if (action === 0 && watches.length < 12)
      watches.push({ client: worker.connect(app), owed: new Map(), got: new Map() });
    else if (action <= 2 && watches.length > 0) random.pick(watches).client.subscribe(random.pick(channels));
    else if (action <= 5) worker.backbone.control.step();
    else if (action <= 7) worker.backbone.inbox.step();
    else {
      const channel = random.pick(channels);
      for (const { owed } of watches) owed.get(channel)?.push(String(n));
      send(worker, channel, String(n));
    }
    look();
  }
  for (const { backbone } of cluster.workers) {
    backbone.control.release();
    backbone.inbox.release();
  }
  look();
  for (const { owed, got } of watches) {
    for (const [channel, list] of owed) {
      const received = got.get(channel) ?? [];
      // Published before the confirmation and under way since may come too; nothing twice, nothing owed missing.
      assert.equal(new Set(received).size, received.length);
      assert.deepEqual(
        list.filter((data) => !received.includes(data)),
        [],
      );
    }
  }
  for (const { client } of watches) client.close();
  cluster.assertEmpty(app);
}
