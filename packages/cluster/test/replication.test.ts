import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Random } from '@sluice/testkit';
import { APP, Node, nodes, ROOM, wholeSnapshot } from './registry-node.ts';

const MAX_PIECE_BYTES = 256 * 1024;

describe('Members on several nodes', () => {
  it('are known on all, and heard of by those workers that have members themselves', () => {
    const [a, b] = nodes('a', 'b');
    a.join(1, 'ann');
    b.join(7, 'ben');
    b.takeEvents();
    a.tell(b);
    b.tell(a);
    assert.deepEqual(a.users(), ['ann', 'ben']);
    assert.deepEqual(b.users(), ['ann', 'ben']);
    assert.deepEqual(a.takeEvents(), ['+ann to 1', '+ben to 1']);
    assert.deepEqual(b.takeEvents(), ['+ann to 7']);
    assert.deepEqual(b.registry.summaries(APP, [ROOM]), [{ channel: ROOM, subscriptions: 0, users: 2 }]);
  });

  it('come once when they come on two nodes at the same moment, and go with the last connection anywhere', () => {
    const [a, b] = nodes('a', 'b');
    a.join(1, 'ann');
    b.join(1, 'ann');
    a.tell(b);
    b.tell(a);
    assert.deepEqual([a.takeEvents(), b.takeEvents()], [['+ann to 1'], ['+ann to 1']]);
    b.join(2, 'ben');
    b.tell(a);
    a.takeEvents();
    a.leave(1, 'ann');
    a.tell(b);
    assert.deepEqual(
      [a.users(), b.users()],
      [
        ['ann', 'ben'],
        ['ann', 'ben'],
      ],
    );
    b.leave(1, 'ann');
    b.tell(a);
    assert.deepEqual([a.users(), b.users()], [['ben'], ['ben']]);
    assert.deepEqual(a.takeEvents(), ['-ann to nobody']);
  });

  it('cost others nothing when a user who is there connects again', () => {
    const [a] = nodes('a', 'b');
    a.join(1, 'ann');
    a.take();
    a.join(1, 'ann');
    a.join(2, 'ann');
    a.leave(1, 'ann');
    assert.deepEqual(a.take(), []);
  });

  it('count for the most that a channel may have, wherever they are', () => {
    const [a, b] = nodes('a', 'b');
    a.join(1, 'ann', 1);
    a.tell(b);
    assert.equal(b.join(1, 'ben', 1), 'full');
    assert.notEqual(b.join(1, 'ann', 1), 'full', 'who is there may always connect again');
  });

  it('go with their node, and what it said last is not taken up after that', () => {
    const [a, b] = nodes('a', 'b');
    b.join(1, 'ben');
    for (const user of ['ann', 'ben']) a.join(1, user);
    a.count(1, 5);
    a.tell(b);
    a.join(1, 'late');
    b.takeEvents();
    b.replication.dropNode('a');
    assert.deepEqual(b.users(), ['ben']);
    assert.deepEqual(b.registry.channels(APP, ''), []);
    assert.deepEqual(b.takeEvents(), ['-ann to 1']);
    for (const message of a.take()) assert.equal(b.replication.applyRemote('a', message), 'unknown_node');
    assert.deepEqual(b.users(), ['ben']);
  });

  it('have whatever id they have', () => {
    const [a, b] = nodes('a', 'b');
    const ids = ['__proto__', '\ud800', '\udfff', 'a b', '"', ''];
    for (const id of ids) a.join(1, id);
    a.tell(b);
    assert.deepEqual(b.users(), [...ids].sort());
    for (const id of ids) a.leave(1, id);
    a.tell(b);
    assert.deepEqual(b.users(), []);
  });
});

describe('Numbers, users and events on several nodes', () => {
  it('are told within 50 ms, the newest only, and members with the end of the turn', async () => {
    const [a, b] = nodes('a', 'b');
    mock.timers.enable({ apis: ['setTimeout'] });
    for (let n = 1; n <= 10; n++) a.count(1, n);
    a.registry.acquire(1, { name: `app:${APP}`, max: 5 });
    a.join(1, 'ann');
    await nextTurn();
    assert.equal(a.sent.length, 1);
    mock.timers.tick(50);
    mock.timers.reset();
    assert.equal(a.sent.length, 2);
    b.count(3, 1);
    b.takeEvents();
    for (const message of a.sent) b.replication.applyRemote('a', message);
    assert.deepEqual(b.takeEvents(), ['+ann to nobody', 'news 11 to 3']);
    assert.equal(b.registry.summaries(APP, ['news'])[0]?.subscriptions, 11);
  });

  it('go on to be told where a node that has no subscriber left had not heard of those elsewhere', () => {
    const [a, b] = nodes('a', 'b');
    a.count(1, 1);
    a.tell(b);
    b.count(7, 1);
    a.count(1, 0);
    b.takeEvents();
    a.tell(b);
    b.tell(a);
    assert.deepEqual(b.takeEvents(), ['news 1 to 7']);
    b.count(7, 2);
    assert.deepEqual(b.takeEvents(), ['news 2 to 7']);
  });

  it('hold a quota together; the node itself counts its own connections only', () => {
    const [a, b] = nodes('a', 'b');
    const quota = { name: `app:${APP}`, max: 3 };
    const node = { name: 'node', max: 1 };
    a.registry.hold(1, quota.name, 2);
    assert.equal(a.registry.acquire(1, node), true);
    a.tell(b);
    assert.deepEqual(
      [quota, quota, node, node].map((slot) => b.registry.acquire(1, slot)),
      [true, false, true, false],
    );
    a.registry.release(1, quota.name);
    a.tell(b);
    assert.equal(b.registry.acquire(1, quota), true);
    b.replication.dropNode('a');
    assert.equal(b.registry.acquire(1, quota), true, 'a dead node holds nothing');
  });

  it('tell who watches that a user came and went, once for all nodes', () => {
    const [a, b] = nodes('a', 'b');
    b.registry.watch(4, APP, ['ann']);
    const user = { appId: APP, userId: 'ann' };
    a.registry.userJoined(1, user);
    a.registry.userJoined(2, user);
    a.tell(b);
    b.registry.userJoined(1, user);
    a.registry.userLeft(1, user);
    a.registry.userLeft(2, user);
    a.tell(b);
    assert.deepEqual(b.takeEvents(), [`${JSON.stringify(user)} online to 4`]);
    b.registry.userLeft(1, user);
    assert.deepEqual(b.takeEvents(), ['ann offline to 4']);
    a.registry.terminateUser(user);
    a.tell(b);
    assert.deepEqual(b.takeEvents(), [`${JSON.stringify(user)} terminated`]);
  });

  it('end with the same kept event, whichever two nodes keep at the same moment', () => {
    const [a, b, c] = nodes('a', 'b', 'c');
    const keep = (node: Node, text: string): void =>
      node.registry.keep({ appId: APP, channel: 'cache-x', text, tagsJson: '{"a":"b"}', ttlMs: 1000 });
    keep(a, 'of a');
    keep(b, 'of b');
    const [fromA, fromB] = [a.take(), b.take()];
    for (const message of fromA) for (const node of [b, c]) node.replication.applyRemote('a', message);
    for (const message of fromB) for (const node of [a, c]) node.replication.applyRemote('b', message);
    const kept = (): (string | undefined)[] => [a, b, c].map((n) => n.registry.kept(APP, 'cache-x')?.text);
    assert.deepEqual(kept(), ['of b', 'of b', 'of b']);
    keep(a, 'later');
    a.tell(b, c);
    assert.deepEqual(kept(), ['later', 'later', 'later']);
    const d = new Node('d');
    d.meet(a);
    const { text, tagsJson } = d.registry.kept(APP, 'cache-x') ?? {};
    assert.deepEqual([text, tagsJson], ['later', '{"a":"b"}']);
  });

  it('count only the channels of this node as its own', () => {
    const [a, b] = nodes('a', 'b');
    a.count(1, 1);
    a.join(1, 'ann');
    a.tell(b);
    assert.equal(a.registry.channelCounts().get(APP)?.public, 1);
    assert.equal(b.registry.channelCounts().get(APP)?.public ?? 0, 0);
    b.count(1, 1);
    assert.equal(b.registry.channelCounts().get(APP)?.public, 1);
    b.count(1, 0);
    assert.equal(b.registry.channelCounts().get(APP)?.public, 0);
  });

  it('cost others the same however large the channel is', () => {
    const [a, b] = nodes('a', 'b');
    for (let i = 0; i < 20_000; i++) a.join(1, `user-${i}`);
    a.tell(b);
    a.join(1, 'one-more');
    a.leave(1, 'user-7');
    const bytes = a.take().reduce((sum, message) => sum + message.length, 0);
    assert.ok(bytes < 400, `${bytes} bytes for two changes`);
  });
});

describe('What is missing between nodes', () => {
  it('is fetched as a snapshot, and what came meanwhile is taken up after it', () => {
    const [a, b] = nodes('a', 'b');
    a.join(1, 'lost');
    a.take();
    a.join(1, 'ann');
    const [ann] = a.take();
    assert.ok(ann);
    assert.equal(b.replication.applyRemote('a', ann), 'needs_snapshot');
    assert.equal(b.replication.versionOf('a'), 0);
    const snapshot = wholeSnapshot(a.replication);
    a.join(1, 'ben');
    const [ben] = a.take();
    assert.ok(ben);
    assert.equal(b.replication.applyRemote('a', ben), 'needs_snapshot');
    assert.equal(b.replication.applySnapshot('a', snapshot), 'applied');
    assert.deepEqual(b.users(), ['ann', 'ben', 'lost']);
    assert.equal(b.replication.versionOf('a'), a.replication.version);
    assert.equal(b.replication.applyRemote('a', ann), 'known');
    assert.equal(b.replication.applySnapshot('a', snapshot), 'known', 'an older snapshot changes nothing');
    assert.deepEqual(b.users(), ['ann', 'ben', 'lost']);
  });

  it('causes events for what differs alone', () => {
    const [a, b] = nodes('a', 'b');
    b.join(9, 'own');
    for (const user of ['ann', 'ben', 'cem']) a.join(1, user);
    a.count(1, 2);
    a.count(1, 2, 'sport');
    a.registry.userJoined(1, { appId: APP, userId: 'ann' });
    a.tell(b);
    b.registry.watch(9, APP, ['ann', 'dora']);
    b.takeEvents();
    b.webhooks.length = 0;
    a.leave(1, 'ben');
    a.join(1, 'dora');
    a.count(1, 0, 'sport');
    a.registry.userLeft(1, { appId: APP, userId: 'ann' });
    a.take();
    assert.equal(b.replication.applySnapshot('a', wholeSnapshot(a.replication)), 'applied');
    assert.deepEqual(b.takeEvents(), ['+dora to 9', '-ben to 9', 'ann offline to 9']);
    assert.deepEqual(
      b.registry.channels(APP, '').map(({ channel, subscriptions }) => `${channel} ${subscriptions}`),
      ['news 2'],
    );
    assert.equal(b.replication.applySnapshot('a', wholeSnapshot(a.replication)), 'applied');
    assert.deepEqual(b.takeEvents(), []);
  });

  it('does not vacate a channel that has other members now', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const [a, b] = nodes('a', 'b');
    b.replication.gathered();
    mock.timers.tick(100);
    mock.timers.tick(100);
    mock.timers.reset();
    a.join(1, 'ann');
    a.tell(b);
    a.leave(1, 'ann');
    a.join(1, 'ben');
    a.take();
    b.webhooks.length = 0;
    b.replication.applySnapshot('a', wholeSnapshot(a.replication));
    assert.deepEqual(
      b.webhooks.map(({ type }) => type),
      ['member_added', 'member_removed'],
    );
  });

  it('comes in pieces of at most 256 KB, of which none may be missing', () => {
    const [a, b] = nodes('a', 'b');
    const users = Array.from({ length: 20_000 }, (_, i) => `user-${i}`);
    for (const user of users) a.join(1, user);
    const messages = a.take();
    const pieces = wholeSnapshot(a.replication);
    assert.ok(pieces.length > 3);
    for (const piece of [...messages, ...pieces]) assert.ok(piece.length <= MAX_PIECE_BYTES, `${piece.length} bytes`);
    assert.equal(b.replication.applySnapshot('a', pieces.slice(1)), 'refused');
    assert.equal(b.replication.applySnapshot('a', pieces.toReversed()), 'refused');
    assert.equal(b.replication.applySnapshot('a', []), 'refused');
    assert.deepEqual(b.users(), []);
    assert.equal(b.replication.applySnapshot('a', pieces), 'applied');
    assert.deepEqual(b.users(), [...users].sort());
  });

  it('is not what cannot be read: that is counted, changes nothing and throws nothing', () => {
    const [a, b] = nodes('a', 'b');
    a.join(1, 'ann');
    a.registry.keep({ appId: APP, channel: 'cache-x', text: 'text', tagsJson: '', ttlMs: 1000 });
    a.count(1, 3);
    const [good = Buffer.alloc(0)] = a.take();
    const other = [
      '',
      '{}',
      '[]',
      '[2,"changes",1,[]]',
      '[1,"changes",-1,[]]',
      '[1,"changes",1,[["+","1","a b","u","i"]]]',
    ];
    const wrong = [
      '[1,"changes",1,[["?"]]]',
      '[1,"changes",1,[["c","1","ch",1.5,0]]]',
      '[1,"snapshot",1,1,1,[]]',
      '[1,"x",1,[]]',
    ];
    for (const text of [...other, ...wrong]) {
      assert.equal(b.replication.applyRemote('a', Buffer.from(text)), 'refused', text);
      assert.equal(b.replication.applySnapshot('a', [Buffer.from(text)]), 'refused', text);
    }
    assert.equal(b.replication.refused, 2 * (other.length + wrong.length));
    const random = new Random(1);
    for (let i = 0; i < 20_000; i++) {
      const bytes = Buffer.from(good);
      for (let n = random.below(4); n >= 0; n--) bytes[random.below(bytes.length)] = random.below(256);
      const cut = bytes.subarray(0, random.below(3) === 0 ? random.below(bytes.length) : bytes.length);
      const c = i % 100 === 0 ? new Node('c') : b;
      c.replication.addNode('a');
      c.replication.applyRemote('a', cut);
      c.replication.applySnapshot('a', [cut]);
    }
    assert.ok(b.replication.refused > 1000);
  });
});
