import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createSocketId } from '@sluice/protocol';
import { encodeTopicMessage } from '../src/bus/frames.ts';
import { Node, settle } from './hub-node.ts';

describe('Presence over the local bus', () => {
  it('gives a newcomer the list, and the event to owners of members only', async () => {
    const [one, two, three] = new Node().three();
    await one.joinPresence('presence-a', 'alice');
    await three.joinPresence('presence-other', 'zoe');
    await two.joinPresence('presence-a', 'bob');
    await settle(one, two, three);
    assert.deepEqual(one.log, ['list alice', '+alice', '+bob']);
    assert.deepEqual(two.log, ['list alice,bob', '+bob']);
    assert.deepEqual(three.log, ['list zoe', '+zoe']);
  });

  it('tells of a leave, and of a user on two workers only when both have let go', async () => {
    const [one, two, three] = new Node().three();
    await one.joinPresence('presence-a', 'alice');
    await two.joinPresence('presence-a', 'alice');
    await three.joinPresence('presence-a', 'carol');
    one.registry.leave('1', 'presence-a', 'alice');
    await settle(one, two, three);
    assert.deepEqual(three.log, ['list alice,carol', '+carol']);
    two.registry.leave('1', 'presence-a', 'alice');
    await settle(one, two, three);
    assert.deepEqual(three.log, ['list alice,carol', '+carol', '-alice']);
  });

  it('removes what a dead worker held exactly once, and ignores what still arrives from it', async () => {
    const node = new Node();
    const [one, two, three] = node.three();
    await one.joinPresence('presence-a', 'alice');
    await two.joinPresence('presence-a', 'bob');
    one.registry.count({ appId: '1', channel: 'presence-a', subscriptions: 1, announce: false });
    two.registry.count({ appId: '1', channel: 'presence-a', subscriptions: 1, announce: false });
    await settle(one, two, three);
    // On the way when the process dies: written by the worker, not yet read by the primary.
    one.registry.count({ appId: '1', channel: 'presence-a', subscriptions: 5, announce: false });
    one.registry.count({ appId: '1', channel: 'ghost', subscriptions: 1, announce: false });
    void one.joinPresence('presence-a', 'ghost');
    void one.join('1:ghost');
    void one.registry.acquire({ name: 'app:1', max: 1 });
    node.hub.detach(1);
    await nextTurn();
    await settle(two, three);
    assert.deepEqual(two.log, ['list alice,bob', '+bob', '-alice']);
    assert.deepEqual(await two.registry.users('1', 'presence-a'), ['bob']);
    assert.deepEqual(await two.registry.channels('1', ''), [{ channel: 'presence-a', subscriptions: 1, users: 1 }]);
    assert.equal(await two.registry.acquire({ name: 'app:1', max: 1 }), true);
  });
});

describe('A user to be terminated', () => {
  it('is told to all workers, the one that asked included', async () => {
    const [one, two, three] = new Node().three();
    one.registry.terminateUser({ appId: '1', userId: 'alice' });
    await settle(one, two, three);
    for (const { log } of [one, two, three]) assert.deepEqual(log, ['terminate alice']);
  });
});

describe('Questions over the local bus', () => {
  it('of workers are answered from one view of all of them', async () => {
    const [one, two, three] = new Node().three();
    one.registry.count({ appId: '1', channel: 'news', subscriptions: 2, announce: false });
    two.registry.count({ appId: '1', channel: 'news', subscriptions: 3, announce: false });
    await settle(one, two);
    assert.deepEqual(await three.registry.summaries('1', ['news', 'none']), [
      { channel: 'news', subscriptions: 5, users: 0 },
      { channel: 'none', subscriptions: 0, users: 0 },
    ]);
    const slot = { name: 'app:1', max: 2 };
    const acquired = await Promise.all([one, two, three].map(({ registry }) => registry.acquire(slot)));
    assert.equal(acquired.filter(Boolean).length, 2);
    const rate = { name: 'reads', points: 1, max: 2, windowMs: 1000 };
    const taken = await Promise.all([one, two, three].map(({ registry }) => registry.take(rate)));
    assert.deepEqual(
      taken.map((answer) => [answer.taken, answer.remaining]),
      [
        [true, 1],
        [true, 0],
        [false, 0],
      ],
    );
  });

  it('for counts are answered with what other workers have not told yet', async () => {
    const [one, two, three] = new Node().three();
    one.registry.count({ appId: '1', channel: 'news', subscriptions: 2, announce: false });
    two.registry.count({ appId: '1', channel: 'news', subscriptions: 3, announce: false });
    assert.deepEqual(await three.registry.summaries('1', ['news']), [{ channel: 'news', subscriptions: 5, users: 0 }]);
    one.registry.count({ appId: '1', channel: 'news', subscriptions: 0, announce: false });
    assert.deepEqual(await two.registry.channels('1', ''), [{ channel: 'news', subscriptions: 3, users: 0 }]);
  });

  it('of the primary get the answers of all workers, by owner', async () => {
    const node = new Node();
    for (const worker of node.three()) worker.answer = ({ type }) => `${type} of ${worker.owner}`;
    const answers = await node.hub.askAll({ type: 'metrics' });
    assert.deepEqual(
      [...answers],
      [
        [1, 'metrics of 1'],
        [2, 'metrics of 2'],
        [3, 'metrics of 3'],
      ],
    );
  });

  it('of the primary do not wait longer than allowed for a worker that does not answer', async () => {
    const node = new Node();
    const [one] = node.three();
    one.answer = () => undefined;
    const answers = await node.hub.askAll({ type: 'metrics' }, 50);
    assert.deepEqual([...answers.keys()], [2, 3]);
  });

  it('of the primary do not wait for a worker that dies meanwhile', async () => {
    const node = new Node();
    const [one] = node.three();
    one.answer = () => undefined;
    const startedAt = performance.now();
    const asked = node.hub.askAll({ type: 'close_clients', windowMs: 0 }, 5000);
    await nextTurn();
    node.hub.detach(1);
    assert.deepEqual([...(await asked).keys()], [2, 3]);
    assert.ok(performance.now() - startedAt < 2500);
  });

  it('are answered behind everything that the worker had published before', async () => {
    const node = new Node();
    const [one, two] = node.three();
    await two.join('1:a');
    one.answer = () => {
      one.backbone.publish('1:a', Buffer.from('before the answer'));
      return null;
    };
    await node.hub.askAll({ type: 'quiesce' });
    node.hub.tellAll({ type: 'draining' });
    await settle(two);
    assert.deepEqual(two.log, ['1:a=before the answer', 'draining']);
  });
});

describe('The local hub', () => {
  it('passes on that a worker could listen, that it does, and that one cannot', async () => {
    const node = new Node();
    const [one, two] = node.three();
    one.link.tell({ type: 'prepared' });
    one.link.tell({ type: 'listening' });
    two.link.tell({ type: 'failed', message: 'EADDRINUSE' });
    await settle(one, two);
    assert.deepEqual([node.prepared, node.listening, node.failed], [[1], [1], ['2: EADDRINUSE']]);
  });

  it('lets go of all workers at the end', async () => {
    const node = new Node();
    const workers = node.three();
    node.hub.endAll();
    while (!workers.every(({ log }) => log.includes('closed'))) {
      for (const { link } of workers) link.end();
      await nextTurn();
    }
  });

  it('reports a worker that does not read once, and goes on serving the others', async () => {
    const node = new Node();
    const [one, two, three] = node.three();
    await Promise.all([two.join('1:a'), three.join('1:a')]);
    two.stream.pause();
    const message = Buffer.alloc(4 * 1024 * 1024, 'm');
    for (let i = 0; i < 20; i++) {
      one.link.write(encodeTopicMessage('1:a', message));
      await settle(one, three);
    }
    while (node.stuck.length === 0) await nextTurn();
    assert.equal(three.log.length, 20);
    node.hub.detach(2);
    assert.deepEqual(node.stuck, [2]);
    two.stream.destroy();
  });

  it('does not take a worker for stuck that reads, however long the answers that it asked for', async () => {
    const node = new Node();
    const [one] = node.three();
    for (let i = 0; i < 100; i++) {
      one.registry.join(
        {
          appId: '1',
          channel: 'presence-a',
          socketId: createSocketId(),
          member: { userId: `user-${i}`, info: `"${'i'.repeat(900)}"` },
          maxMembers: 100,
        },
        () => {},
      );
    }
    await settle(one);
    // A reconnect storm: 150 MB of member lists for one turn's questions.
    await Promise.all(Array.from({ length: 1500 }, () => one.joinPresence('presence-a', 'user-1')));
    assert.deepEqual(node.stuck, []);
  });
});

describe('The backbone of a worker', () => {
  it('drops, counts and reports once when the primary does not read', async () => {
    const node = new Node();
    const one = node.worker(1);
    const message = Buffer.alloc(8 * 1024 * 1024);
    // All in one turn: nothing of it can be read meanwhile.
    for (let i = 0; i < 12; i++) one.backbone.publish('1:a', message);
    assert.ok(one.backbone.dropped > 0);
    assert.equal(one.errors.length, 1);
    await settle(one);
    one.backbone.publish('1:a', Buffer.from('small'));
    const { dropped } = one.backbone;
    await settle(one);
    assert.equal(one.backbone.dropped, dropped, 'it goes on once there is room');
  });
});

describe('The link of a worker', () => {
  it('tells counts that are announced one by one, each turn of the event loop', async () => {
    const node = new Node();
    const one = node.worker(1);
    for (const subscriptions of [1, 2, 3]) {
      one.registry.count({ appId: '1', channel: 'a', subscriptions, announce: true });
      await nextTurn();
    }
    await settle(one);
    assert.deepEqual(one.log, ['a has 1', 'a has 2', 'a has 3']);
  });

  it('tells counts by itself, though nothing is told after them and nobody asks', async () => {
    const node = new Node();
    const one = node.worker(1);
    one.registry.count({ appId: '1', channel: 'a', subscriptions: 1, announce: false });
    one.registry.count({ appId: '1', channel: 'a', subscriptions: 2, announce: false });
    while (node.emitted.length === 0) await nextTurn();
    assert.deepEqual(node.emitted, [{ type: 'channel_occupied', appId: '1', channel: 'a' }]);
  });

  it('tells counts before whatever is told after them, though in one message', async () => {
    const node = new Node();
    const one = node.worker(1);
    one.registry.count({ appId: '1', channel: 'a', subscriptions: 1, announce: false });
    one.registry.count({ appId: '1', channel: 'a', subscriptions: 2, announce: false });
    const [summary] = await one.registry.summaries('1', ['a']);
    assert.equal(summary?.subscriptions, 2);
    one.registry.count({ appId: '1', channel: 'a', subscriptions: 3, announce: false });
    one.link.end();
    const two = node.worker(2);
    await settle(two);
    assert.equal((await two.registry.summaries('1', ['a']))[0]?.subscriptions, 3, 'the last count leaves with the end');
  });
});
