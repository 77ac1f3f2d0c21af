import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DomainEvent, JoinAnswer } from '@sluice/core';
import { createSocketId } from '@sluice/protocol';
import { Random } from '@sluice/testkit';
import { NodeRegistry } from '../src/registry/node-registry.ts';
import type { Replication } from '../src/registry/replication.ts';
import { Responsibility } from '../src/registry/responsibility.ts';

const APP = '1001';
const ROOM = 'presence-room';
const MAX_PIECE_BYTES = 256 * 1024;

/** A registry with what it said to workers, to webhooks and to other nodes. */
class Node {
  readonly id: string;
  readonly events: string[] = [];
  readonly webhooks: DomainEvent[] = [];
  readonly sent: Buffer[] = [];
  nowMs = 0;
  readonly registry: NodeRegistry;
  readonly replication: Replication;

  constructor(id: string) {
    this.id = id;
    const to = (workers: ReadonlySet<number>): string => [...workers].join('+') || 'nobody';
    this.registry = new NodeRegistry({
      now: () => this.nowMs,
      cache: { maxEvents: 100, maxBytes: 1_000_000 },
      cluster: {
        self: id,
        hasWebhooks: () => true,
        settleMs: 100,
        deadNodeMs: 1000,
        onChange: (message) => this.sent.push(message),
      },
      listener: {
        memberAdded: (workers, { member }) => this.events.push(`+${member.userId} to ${to(workers)}`),
        memberRemoved: (workers, { userId }) => this.events.push(`-${userId} to ${to(workers)}`),
        subscriptionCount: (workers, { channel, count }) => this.events.push(`${channel} ${count} to ${to(workers)}`),
        userOnline: (workers, user) => this.events.push(`${JSON.stringify(user)} online to ${to(workers)}`),
        userOffline: (workers, { userId }) => this.events.push(`${userId} offline to ${to(workers)}`),
        userTerminated: (user) => this.events.push(`${JSON.stringify(user)} terminated`),
        happened: (event) => this.webhooks.push(event),
      },
    });
    assert.ok(this.registry.replication !== null);
    this.replication = this.registry.replication;
  }

  join(worker: number, userId: string, maxMembers = 100_000): JoinAnswer {
    let given: JoinAnswer | undefined;
    const member = { userId, info: 'null' };
    const request = { appId: APP, channel: ROOM, socketId: createSocketId(), member, maxMembers };
    this.registry.join(worker, request, (answer) => (given = answer));
    assert.ok(given !== undefined);
    return given;
  }

  leave(worker: number, userId: string): void {
    this.registry.leave(worker, { appId: APP, channel: ROOM, userId });
  }

  count(worker: number, subscriptions: number, channel = 'news'): void {
    this.registry.count(worker, { appId: APP, channel, subscriptions, announce: true });
  }

  users(): string[] {
    return this.registry.users(APP, ROOM).sort();
  }

  takeEvents(): string[] {
    return this.events.splice(0);
  }

  /** What it has to say, at once. */
  take(): Buffer[] {
    this.replication.stream.flushAll();
    return this.sent.splice(0);
  }

  /** Hands everything that it has to say to the others. */
  tell(...others: readonly Node[]): void {
    for (const message of this.take()) {
      for (const other of others) assert.equal(other.replication.applyRemote(this.id, message), 'applied');
    }
  }

  meet(other: Node): void {
    this.replication.addNode(other.id);
    assert.equal(this.replication.applySnapshot(other.id, other.replication.snapshot()), 'applied');
    other.sent.length = 0;
  }
}

function nodes<Ids extends readonly string[]>(...ids: Ids): { [I in keyof Ids]: Node } {
  const all = ids.map((id) => new Node(id));
  for (const node of all) for (const other of all) if (other !== node) node.meet(other);
  return all as { [I in keyof Ids]: Node };
}

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
      node.registry.keep({ appId: APP, channel: 'cache-x', text, ttlMs: 1000 });
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
    assert.equal(d.registry.kept(APP, 'cache-x')?.text, 'later');
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
    const snapshot = a.replication.snapshot();
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
    b.registry.join(
      9,
      {
        appId: APP,
        channel: ROOM,
        socketId: createSocketId(),
        member: { userId: 'own', info: 'null' },
        maxMembers: 100,
      },
      () => {},
    );
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
    assert.equal(b.replication.applySnapshot('a', a.replication.snapshot()), 'applied');
    assert.deepEqual(b.takeEvents(), ['+dora to 9', '-ben to 9', 'ann offline to 9']);
    assert.deepEqual(
      b.registry.channels(APP, '').map(({ channel, subscriptions }) => `${channel} ${subscriptions}`),
      ['news 2'],
    );
    assert.equal(b.replication.applySnapshot('a', a.replication.snapshot()), 'applied');
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
    b.replication.applySnapshot('a', a.replication.snapshot());
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
    const pieces = a.replication.snapshot();
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
    a.registry.keep({ appId: APP, channel: 'cache-x', text: 'text', ttlMs: 1000 });
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

describe('Webhooks of several nodes', () => {
  /** Three nodes that have their share of the webhooks. */
  function three(): [Node, Node, Node] {
    mock.timers.enable({ apis: ['setTimeout'] });
    const all = nodes('a', 'b', 'c');
    const tellAll = (): void => {
      for (const node of all) node.tell(...all.filter((other) => other !== node));
    };
    for (const node of all) node.replication.gathered();
    mock.timers.tick(100);
    tellAll();
    mock.timers.tick(100);
    mock.timers.reset();
    tellAll();
    return all;
  }

  it('are told by one node each; what a dead one had not told, its successor tells', () => {
    const all = three();
    const [a, b, c] = all;
    const channels = Array.from({ length: 60 }, (_, i) => `channel-${i}`);
    for (const channel of channels) a.count(1, 1, channel);
    a.tell(b, c);
    b.tell(a, c);
    c.tell(a, b);
    const told = (node: Node): string[] =>
      node.webhooks.filter(({ type }) => type === 'channel_occupied').map(({ channel }) => channel);
    assert.deepEqual(all.flatMap(told).sort(), [...channels].sort());
    for (const node of all) assert.ok(told(node).length >= 10, `${node.id} told ${told(node).length}`);
    for (const node of all) node.webhooks.length = 0;
    // The last of all but one node goes where c answers for it, and c dies of it.
    for (const channel of channels) a.count(1, 0, channel);
    a.tell(b);
    const before = [...a.webhooks, ...b.webhooks].filter(({ type }) => type === 'channel_vacated').length;
    assert.ok(before < channels.length);
    a.replication.dropNode('c');
    b.replication.dropNode('c');
    const vacated = [a, b].flatMap((node) => node.webhooks.filter(({ type }) => type === 'channel_vacated'));
    assert.deepEqual(vacated.map(({ channel }) => channel).sort(), [...channels].sort());
  });

  it('are told by the successor though it heard less of a dead node than others did', () => {
    const [a, b, c] = three();
    const channels = Array.from({ length: 60 }, (_, i) => `channel-${i}`);
    for (const channel of channels) a.count(1, 1, channel);
    const occupied = a.take();
    for (const message of occupied) for (const node of [b, c]) node.replication.applyRemote('a', message);
    // Only b hears what c has told, and a takes it for owed until all is vacated again.
    for (const message of c.take()) b.replication.applyRemote('c', message);
    b.tell(a);
    for (const channel of channels) a.count(1, 0, channel);
    a.tell(b);
    b.tell(a);
    const vacated = (): string[] =>
      [a, b, c].flatMap(({ webhooks }) => webhooks.filter((w) => w.type === 'channel_vacated').map((w) => w.channel));
    const ofC = c.webhooks.map(({ channel }) => channel);
    assert.ok(ofC.length >= 10);
    for (const node of [a, b, c]) node.nowMs = 500;
    a.replication.dropNode('c');
    b.replication.dropNode('c');
    b.tell(a);
    a.tell(b);
    assert.deepEqual(vacated().sort(), [...channels].sort());
  });

  it('are not forgotten when nodes that were cut off from each other meet again', () => {
    const [a, b] = three();
    for (const node of [a, b]) {
      node.replication.standBack();
      node.replication.dropNode('c');
    }
    const channels = Array.from({ length: 20 }, (_, i) => `channel-${i}`);
    for (const channel of channels) a.count(1, 1, channel);
    a.take();
    a.replication.dropNode('b');
    b.replication.dropNode('a');
    for (const node of [a, b]) node.nowMs = 3000;
    a.meet(b);
    b.meet(a);
    assert.deepEqual([a.webhooks, b.webhooks], [[], []]);
    for (const node of [a, b]) node.replication.serve();
    const told = [a, b].flatMap(({ webhooks }) => webhooks.filter((w) => w.type === 'channel_occupied'));
    assert.deepEqual(told.map(({ channel }) => channel).sort(), [...channels].sort());
  });

  it('wait while a node stands back, and come when it serves again', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const a = new Node('a');
    a.replication.serve();
    a.count(1, 1);
    assert.deepEqual(a.webhooks, [], 'it has no share yet');
    a.replication.gathered();
    mock.timers.tick(100);
    mock.timers.tick(100);
    mock.timers.reset();
    const types = (): string[] => a.webhooks.splice(0).map(({ type }) => type);
    a.count(1, 0);
    assert.deepEqual(types(), ['channel_vacated']);
    a.replication.standBack();
    a.count(1, 1);
    a.count(1, 1, 'sport');
    a.count(1, 0, 'sport');
    assert.deepEqual(types(), []);
    a.replication.serve();
    assert.deepEqual(types(), ['channel_occupied'], 'and what has come and gone is not told');
  });
});

describe('Responsibility', () => {
  it('is the same whatever the order in which nodes are known, fairly shared, and moves only with its node', () => {
    const ids = Array.from({ length: 5 }, (_, i) => `node-${i}`);
    const of = (list: readonly string[]): Responsibility => {
      const responsibility = new Responsibility();
      for (const id of list) responsibility.add(id);
      return responsibility;
    };
    const [all, reversed, without] = [of(ids), of(ids.toReversed()), of(ids.slice(1))];
    const shares = new Map<string, number>();
    for (let i = 0; i < 5000; i++) {
      const channel = `presence-room-${i}`;
      const node = all.of(APP, channel) ?? '';
      shares.set(node, (shares.get(node) ?? 0) + 1);
      assert.equal(reversed.of(APP, channel), node);
      if (node !== 'node-0') assert.equal(without.of(APP, channel), node);
      else assert.equal(all.of(APP, channel, 'node-0'), without.of(APP, channel));
    }
    for (const id of ids) assert.ok(Math.abs((shares.get(id) ?? 0) - 1000) < 150, `${id} has ${shares.get(id)}`);
  });
});
