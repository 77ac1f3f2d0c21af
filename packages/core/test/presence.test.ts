import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Client, Cluster, type Received, refused } from './cluster.ts';
import { testApp } from './test-app.ts';

const app = testApp();
const CHANNEL = 'presence-x';

function list(members: Readonly<Record<string, unknown>>): Received {
  const ids = Object.keys(members);
  const data = JSON.stringify({ presence: { count: ids.length, ids, hash: members } });
  return { event: 'pusher_internal:subscription_succeeded', channel: CHANNEL, data };
}

function added(userId: string, info: unknown = null): Received {
  return {
    event: 'pusher_internal:member_added',
    channel: CHANNEL,
    data: JSON.stringify({ user_id: userId, user_info: info }),
  };
}

function removed(userId: string): Received {
  return { event: 'pusher_internal:member_removed', channel: CHANNEL, data: JSON.stringify({ user_id: userId }) };
}

/** A client that has entered and seen its list. */
function entered(cluster: Cluster, worker: number, userId: string): Client {
  const client = cluster.worker(worker).connect(app);
  client.enter(CHANNEL, userId);
  client.texts();
  return client;
}

describe('the members of a presence channel', () => {
  it('PR-01, PR-02: the first sees itself, the second both, and the first is told of the second', () => {
    const cluster = new Cluster(1);
    const [a, b] = [cluster.worker(0).connect(app), cluster.worker(0).connect(app)];
    a.enter(CHANNEL, '1', { name: 'A' });
    assert.deepEqual(a.received(), [list({ 1: { name: 'A' } })]);
    b.enter(CHANNEL, '2', { name: 'B' });
    assert.deepEqual(b.received(), [list({ 1: { name: 'A' }, 2: { name: 'B' } })]);
    assert.deepEqual(a.received(), [added('2', { name: 'B' })]);
  });

  it('PR-03: one who unsubscribes is removed for the others and hears nothing', () => {
    const cluster = new Cluster(1);
    const [a, b] = [entered(cluster, 0, '1'), entered(cluster, 0, '2')];
    a.texts();
    b.unsubscribe(CHANNEL);
    assert.deepEqual([a.received(), b.received()], [[removed('2')], []]);
  });

  it('PR-04: one whose connection ends is removed for the others', () => {
    const cluster = new Cluster(2);
    const [a, b] = [entered(cluster, 0, '1'), entered(cluster, 1, '2')];
    a.texts();
    b.close();
    assert.deepEqual([a.received(), b.received()], [[removed('2')], []]);
    a.close();
    cluster.assertEmpty(app);
  });

  for (const where of ['one worker', 'two workers'] as const) {
    it(`PR-05 to PR-07: two connections of a user on ${where} come and go as one member`, () => {
      const cluster = new Cluster(3);
      const a = entered(cluster, 0, '1');
      const b1 = entered(cluster, 1, '2');
      assert.deepEqual(a.received(), [added('2')]);
      const b2 = cluster.worker(where === 'one worker' ? 1 : 2).connect(app);
      b2.enter(CHANNEL, '2');
      assert.deepEqual(b2.received(), [list({ 1: null, 2: null })]);
      assert.deepEqual([a.received(), b1.received()], [[], []]);
      b1.close();
      assert.deepEqual([a.received(), b2.received()], [[], []]);
      b2.close();
      assert.deepEqual(a.received(), [removed('2')]);
      a.close();
      cluster.assertEmpty(app);
    });
  }

  it('PR-08: two connections of a user that enter on two workers at once are added exactly once', () => {
    const cluster = new Cluster(3);
    const a = entered(cluster, 0, '1');
    for (const { registry } of cluster.workers) registry.up.hold();
    const [b1, b2] = [cluster.worker(1).connect(app), cluster.worker(2).connect(app)];
    b1.enter(CHANNEL, '2');
    b2.enter(CHANNEL, '2');
    for (const { registry } of cluster.workers) registry.up.release();
    assert.deepEqual(a.received(), [added('2')]);
    for (const client of [b1, b2]) assert.deepEqual(client.received(), [list({ 1: null, 2: null })]);
  });

  it('PR-09, PR-10: a numeric id is the same user as its text', () => {
    const cluster = new Cluster(1);
    const a = entered(cluster, 0, '10');
    const b = cluster.worker(0).connect(app);
    b.subscribe(CHANNEL, { channelData: '{"user_id":10}' });
    assert.deepEqual(b.received(), [list({ 10: null })]);
    assert.deepEqual(a.received(), []);
  });

  it('keep the first info of a user', () => {
    const cluster = new Cluster(2);
    cluster.worker(0).connect(app).enter(CHANNEL, '1', 'first');
    const second = cluster.worker(1).connect(app);
    second.enter(CHANNEL, '1', 'second');
    assert.deepEqual(second.received(), [list({ 1: 'first' })]);
  });

  it('PR-22: one who leaves and comes back is removed, then added', () => {
    const cluster = new Cluster(2);
    const [a, b] = [entered(cluster, 0, '1'), entered(cluster, 1, '2')];
    a.texts();
    b.unsubscribe(CHANNEL);
    b.enter(CHANNEL, '2');
    assert.deepEqual(a.received(), [removed('2'), added('2')]);
    assert.deepEqual(b.received(), [list({ 1: null, 2: null })]);
  });

  for (const userId of ['__proto__', 'constructor', 'toString', '"', '\u2028', '😀', ' ']) {
    it(`PR-28: may be called ${JSON.stringify(userId)}`, () => {
      const cluster = new Cluster(2);
      const a = entered(cluster, 0, 'first');
      const b = cluster.worker(1).connect(app);
      b.enter(CHANNEL, userId, [1]);
      assert.deepEqual(a.received(), [added(userId, [1])]);
      const quoted = JSON.stringify(userId);
      assert.equal(
        b.received()[0]?.data,
        `{"presence":{"count":2,"ids":["first",${quoted}],"hash":{"first":null,${quoted}:[1]}}}`,
      );
      b.close();
      assert.deepEqual(a.received(), [removed(userId)]);
      a.close();
      cluster.assertEmpty(app);
    });
  }

  it('PR-30: are told of others only after their own list', () => {
    const cluster = new Cluster(2);
    const a = cluster.worker(0).connect(app);
    cluster.worker(0).registry.down.hold();
    a.enter(CHANNEL, '1');
    entered(cluster, 1, '2');
    cluster.worker(0).registry.down.release();
    assert.deepEqual(a.received(), [list({ 1: null }), added('2')]);
  });

  it('SB-18: enter at once, even while another channel of the connection still waits', () => {
    const cluster = new Cluster(1);
    cluster.worker(0).backbone.join = (topic, joined) => {
      if (topic !== '1001:slow') joined();
    };
    const client = cluster.worker(0).connect(app);
    client.subscribe('slow');
    client.enter(CHANNEL, '1');
    assert.deepEqual(client.received(), [list({ 1: null })]);
  });
});

describe('a full presence channel', () => {
  const small = testApp({ limits: { maxPresenceMembers: 2 } });
  const FULL = {
    type: 'LimitReached',
    status: 403,
    message: `Subscription refused: presence channel ${CHANNEL} already has 2 members, the most allowed`,
  };

  it('PR-17: refuses another user, leaves the connection open, and leaves nothing behind', () => {
    const cluster = new Cluster(2);
    const worker = cluster.worker(1);
    const members = ['1', '2'].map((userId) => {
      const client = cluster.worker(0).connect(small);
      client.enter(CHANNEL, userId);
      return client;
    });
    const third = worker.connect(small);
    third.enter(CHANNEL, '3');
    assert.deepEqual(third.received(), refused(CHANNEL, FULL));
    assert.equal(third.transport.closed, null);
    assert.equal(worker.hub.space(small).channels.size, 0);
    assert.equal(third.connection.subscriptions.size, 0);
    assert.deepEqual(worker.backbone.left, [`1001:${CHANNEL}`]);
    assert.equal(worker.registry.calls.includes('leave'), false);
    members[0]?.close();
    third.enter(CHANNEL, '3');
    assert.deepEqual(third.received(), [list({ 2: null, 3: null })]);
    members[1]?.close();
    third.close();
    cluster.assertEmpty(small);
  });

  it('PR-17: has room for exactly 100 users by default', () => {
    const cluster = new Cluster(2);
    for (let i = 0; i < 100; i++) {
      const client = cluster.worker(i % 2).connect(app);
      client.enter(CHANNEL, `u${i}`);
      assert.equal(client.received()[0]?.event, 'pusher_internal:subscription_succeeded');
    }
    const last = cluster.worker(0).connect(app);
    last.enter(CHANNEL, 'u100');
    const message = `Subscription refused: presence channel ${CHANNEL} already has 100 members, the most allowed`;
    assert.deepEqual(last.received(), refused(CHANNEL, { ...FULL, message }));
  });

  it('PR-18: takes another connection of a user who is there', () => {
    const cluster = new Cluster(2);
    for (const userId of ['1', '2']) cluster.worker(0).connect(small).enter(CHANNEL, userId);
    const again = cluster.worker(1).connect(small);
    again.enter(CHANNEL, '2');
    assert.deepEqual(again.received(), [list({ 1: null, 2: null })]);
  });

  it('says nothing to a connection that ended before the answer', () => {
    const cluster = new Cluster(1);
    const worker = cluster.worker(0);
    const members = ['1', '2'].map((userId) => {
      const client = worker.connect(small);
      client.enter(CHANNEL, userId);
      return client;
    });
    worker.registry.down.hold();
    const third = worker.connect(small);
    third.enter(CHANNEL, '3');
    third.close();
    worker.registry.down.release();
    assert.deepEqual(third.texts(), []);
    assert.equal(worker.registry.calls.includes('leave'), false);
    for (const member of members) member.close();
    cluster.assertEmpty(small);
  });
});

describe('a connection that ends before its presence list came', () => {
  for (const line of ['up', 'down'] as const) {
    it(`is taken back and leaves nothing behind (the ${line} line is slow)`, () => {
      const cluster = new Cluster(1);
      const worker = cluster.worker(0);
      worker.registry[line].hold();
      const client = worker.connect(app);
      client.enter(CHANNEL, '1');
      client.close();
      worker.registry[line].release();
      assert.deepEqual(client.texts(), []);
      assert.deepEqual(worker.registry.calls, ['join', 'leave']);
      cluster.assertEmpty(app);
    });
  }

  it('is added and removed again for the others', () => {
    const cluster = new Cluster(2);
    const a = entered(cluster, 0, '1');
    const worker = cluster.worker(1);
    worker.registry.up.hold();
    const b = worker.connect(app);
    b.enter(CHANNEL, '2');
    b.close();
    worker.registry.up.release();
    assert.deepEqual(a.received(), [added('2'), removed('2')]);
    a.close();
    cluster.assertEmpty(app);
  });

  it('joins only when messages of the channel reach its worker, and not at all if it ends before', () => {
    const cluster = new Cluster(2);
    const a = entered(cluster, 0, '1');
    const worker = cluster.worker(1);
    worker.backbone.control.hold();
    const [stays, leaves] = [worker.connect(app), worker.connect(app)];
    stays.enter(CHANNEL, '2');
    leaves.enter(CHANNEL, '3');
    leaves.close();
    assert.deepEqual(worker.registry.calls, []);
    worker.backbone.control.release();
    assert.deepEqual(a.received(), [added('2')]);
    assert.deepEqual(stays.received(), [list({ 1: null, 2: null })]);
    for (const client of [a, stays]) client.close();
    cluster.assertEmpty(app);
  });

  it('does not take away another connection of the same user that waits on the same worker', () => {
    const cluster = new Cluster(1);
    const worker = cluster.worker(0);
    worker.registry.down.hold();
    const [first, second] = [worker.connect(app), worker.connect(app)];
    for (const client of [first, second]) client.enter(CHANNEL, '1');
    first.close();
    worker.registry.down.release();
    assert.deepEqual(first.texts(), []);
    assert.deepEqual(second.received(), [list({ 1: null })]);
    assert.equal(cluster.primary.summary(app.id, CHANNEL).users, 1);
    second.close();
    cluster.assertEmpty(app);
  });
});

describe('what the registry is told', () => {
  it('is the number of subscribers at each change, and nothing of #server-to-user- channels', () => {
    const cluster = new Cluster(1);
    const worker = cluster.worker(0);
    const [a, b] = [worker.connect(app), worker.connect(app)];
    for (const client of [a, b]) {
      client.subscribe('x');
      client.signIn('{"id":"u"}');
      client.subscribe('#server-to-user-u');
    }
    assert.equal(cluster.primary.subscriptions(app.id, 'x'), 2);
    a.unsubscribe('x');
    assert.equal(cluster.primary.subscriptions(app.id, 'x'), 1);
    assert.deepEqual(cluster.primary.occupied(app.id, ''), [{ channel: 'x', subscriptions: 1, users: 0 }]);
    assert.deepEqual(worker.registry.calls, ['count', 'count', 'count']);
    for (const client of [a, b]) client.close();
    cluster.assertEmpty(app);
  });
});
