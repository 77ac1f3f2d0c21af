import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import type { DomainEvent, Transition } from '@sluice/core';
import { Responsibility } from '../src/registry/responsibility.ts';
import { WebhookDuty } from '../src/registry/webhook-duty.ts';
import { APP, Node, nodes } from './registry-node.ts';

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
    mock.timers.enable({ apis: ['setTimeout'] });
    for (const node of [a, b]) node.replication.serve();
    mock.timers.tick(100);
    a.tell(b);
    b.tell(a);
    assert.deepEqual([a.webhooks, b.webhooks], [[], []]);
    mock.timers.tick(100);
    mock.timers.reset();
    const told = [a, b].flatMap(({ webhooks }) => webhooks.filter((w) => w.type === 'channel_occupied'));
    assert.deepEqual(told.map(({ channel }) => channel).sort(), [...channels].sort());
  });

  it('are told of a return by one that took its share meanwhile, which reaches the node that holds the going', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const [a, b] = [new Node('a'), new Node('b')];
    const tellBoth = (): void => {
      a.tell(b);
      b.tell(a);
    };
    a.replication.gathered();
    mock.timers.tick(100);
    mock.timers.tick(100);
    const channels = Array.from({ length: 20 }, (_, i) => `channel-${i}`);
    for (const channel of channels) a.count(1, 1, channel);
    a.meet(b);
    b.meet(a);
    b.replication.gathered();
    for (const channel of channels) a.count(1, 0, channel);
    tellBoth();
    mock.timers.tick(1300);
    tellBoth();
    mock.timers.tick(100);
    mock.timers.reset();
    a.webhooks.length = 0;
    for (const channel of channels) b.count(1, 1, channel);
    tellBoth();
    const occupied = (list: readonly DomainEvent[]): string[] =>
      list.filter(({ type }) => type === 'channel_occupied').map(({ channel }) => channel);
    assert.ok(occupied(b.webhooks).length >= 5);
    assert.deepEqual(occupied(a.toldElsewhere), occupied(b.webhooks));
    assert.deepEqual([...occupied(a.webhooks), ...occupied(b.webhooks)].toSorted(), channels.toSorted());
  });

  it('are not told again by one of two that take a share at the same moment, which heard of them too early', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const [a, b, c] = nodes('a', 'b', 'c');
    const all = [a, b, c];
    const tellAll = (): void => {
      for (const node of all) node.tell(...all.filter((other) => other !== node));
    };
    a.replication.gathered();
    mock.timers.tick(100);
    tellAll();
    mock.timers.tick(100);
    const channels = Array.from({ length: 60 }, (_, i) => `channel-${i}`);
    for (const channel of channels) b.count(1, 1, channel);
    const occupied = b.take();
    for (const message of occupied) a.replication.applyRemote('b', message);
    a.tell(b, c);
    for (const node of [b, c]) node.replication.gathered();
    for (const message of occupied) c.replication.applyRemote('b', message);
    for (const node of all) node.nowMs = 1300;
    mock.timers.tick(1300);
    tellAll();
    tellAll();
    mock.timers.tick(100);
    mock.timers.reset();
    const told = all.flatMap(({ webhooks }) => webhooks.filter(({ type }) => type === 'channel_occupied'));
    assert.deepEqual(told.map(({ channel }) => channel).toSorted(), channels.toSorted());
  });

  it('are left to those that stay by a node that is about to end, whatever they tell of', () => {
    const all = three();
    const [a, b, c] = all;
    const tellAll = (): void => {
      for (const node of all) node.tell(...all.filter((other) => other !== node));
    };
    const stopped = Array.from({ length: 20 }, (_, i) => `stopped-${i}`);
    const channels = Array.from({ length: 20 }, (_, i) => `channel-${i}`);
    const missed = Array.from({ length: 20 }, (_, i) => `cache-${i}`);
    // Nobody tells what is for it, and so the others have to do that, too.
    c.replication.standBack();
    for (const channel of stopped) a.count(1, 1, channel);
    tellAll();
    mock.timers.enable({ apis: ['setTimeout'] });
    for (const node of all) node.webhooks.length = 0;
    c.replication.leave();
    tellAll();
    for (const channel of channels) c.count(1, 1, channel);
    for (const [i, channel] of missed.entries()) {
      [a, b, c][i % 3]?.registry.emit({ type: 'cache_miss', appId: APP, channel });
    }
    tellAll();
    tellAll();
    const told = (...types: DomainEvent['type'][]): string[] =>
      [a, b].flatMap(({ webhooks }) => webhooks.filter(({ type }) => types.includes(type)).map((w) => w.channel));
    assert.deepEqual(told('channel_occupied').toSorted(), channels.toSorted());
    assert.deepEqual(told('subscription_count').toSorted(), channels.toSorted());
    assert.deepEqual(told('cache_miss').toSorted(), missed.toSorted());
    mock.timers.tick(100);
    mock.timers.reset();
    assert.ok(told('channel_occupied').length >= channels.length + 3, 'and what was owed, once all is known');
    assert.equal(new Set(told('channel_occupied')).size, told('channel_occupied').length);
    assert.deepEqual(c.webhooks, []);
    for (const node of all) node.webhooks.length = 0;
    c.replication.serve();
    for (const channel of stopped) a.count(1, 0, channel);
    tellAll();
    const vacated = all.flatMap(({ webhooks }) => webhooks.filter(({ type }) => type === 'channel_vacated'));
    assert.deepEqual(vacated.map(({ channel }) => channel).toSorted(), stopped.toSorted());
    assert.deepEqual(c.webhooks, []);
  });

  it('are told by nodes that are about to end where nobody else is left, and left to one that comes', () => {
    const all = three();
    const [a, b] = all;
    const tell = (nodes_: readonly Node[]): void => {
      for (const node of nodes_) node.tell(...nodes_.filter((other) => other !== node));
    };
    for (const node of all) node.replication.leave();
    tell(all);
    const channels = Array.from({ length: 60 }, (_, i) => `channel-${i}`);
    const told = (...nodes_: readonly Node[]): string[] =>
      nodes_
        .flatMap(({ webhooks }) => webhooks.splice(0))
        .filter(({ type }) => type === 'channel_occupied' || type === 'channel_vacated')
        .map(({ channel }) => channel)
        .toSorted();
    for (const channel of channels) a.count(1, 1, channel);
    tell(all);
    tell(all);
    for (const { webhooks } of all) assert.ok(webhooks.length >= 10);
    assert.deepEqual(told(...all), channels.toSorted());
    for (const channel of channels) a.count(1, 0, channel);
    tell([a, b]);
    for (const node of [a, b]) node.replication.dropNode('c');
    assert.deepEqual(told(a, b), channels.toSorted());
    tell([a, b]);
    mock.timers.enable({ apis: ['setTimeout'] });
    const d = new Node('d');
    for (const node of [a, b]) {
      d.meet(node);
      node.meet(d);
    }
    d.replication.gathered();
    mock.timers.tick(1300);
    d.tell(a, b);
    mock.timers.tick(100);
    mock.timers.reset();
    for (const channel of channels) a.count(1, 1, channel);
    a.tell(b, d);
    assert.deepEqual([told(a, b), told(d)], [[], channels.toSorted()]);
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
    const types = (): string[] => a.webhooks.splice(0).map(({ type }) => type);
    a.count(1, 0);
    assert.deepEqual(types(), ['channel_vacated']);
    a.replication.standBack();
    a.count(1, 1);
    a.count(1, 1, 'sport');
    a.count(1, 0, 'sport');
    assert.deepEqual(types(), []);
    a.replication.serve();
    mock.timers.tick(100);
    assert.deepEqual(types(), []);
    mock.timers.tick(100);
    mock.timers.reset();
    assert.deepEqual(types(), ['channel_occupied'], 'and what has come and gone is not told');
  });
});

describe('The node that answers for a channel that another answered for', () => {
  const [SETTLE_MS, PREDECESSOR] = [100, 'b'];

  /** It serves, and nobody is in the channel now. */
  function successor(): { readonly duty: WebhookDuty; readonly emitted: string[]; readonly occupied: Transition } {
    const emitted: string[] = [];
    const duty = new WebhookDuty({
      self: 'a',
      now: () => 0,
      settleMs: SETTLE_MS,
      deadNodeMs: 10 * SETTLE_MS,
      emit: ({ type }) => emitted.push(type),
      told: () => {},
      toldElsewhere: () => {},
      shares: () => {},
      leaves: () => {},
      isSo: ({ type }) => type === 'channel_vacated',
      hasWebhooks: () => true,
    });
    duty.gathered();
    mock.timers.tick(SETTLE_MS);
    mock.timers.tick(SETTLE_MS);
    duty.shared(PREDECESSOR, { serves: true });
    const channel = ['x', 'y', 'z', 'v', 'w'].find((name) => duty.nodes.of(APP, name) === 'a') ?? '';
    return { duty, emitted, occupied: { type: 'channel_occupied', appId: APP, channel } };
  }

  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  it('tells what a late message of the other leaves owed', () => {
    const { duty, emitted, occupied } = successor();
    duty.heard(occupied);
    assert.deepEqual(emitted, [], 'the state may get there by itself');
    mock.timers.tick(SETTLE_MS);
    assert.deepEqual(emitted, ['channel_vacated']);
  });

  it('believes a snapshot of what the other has told, unless it has told something since', () => {
    const { duty, emitted, occupied } = successor();
    duty.heardAgain(PREDECESSOR, occupied);
    mock.timers.tick(SETTLE_MS);
    assert.deepEqual(emitted, ['channel_vacated']);
    duty.heardAgain(PREDECESSOR, occupied);
    mock.timers.tick(SETTLE_MS);
    assert.deepEqual(emitted, ['channel_vacated']);
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
      else
        assert.equal(
          all.of(APP, channel, (node_) => node_ === 'node-0'),
          without.of(APP, channel),
        );
    }
    for (const id of ids) assert.ok(Math.abs((shares.get(id) ?? 0) - 1000) < 150, `${id} has ${shares.get(id)}`);
  });
});
