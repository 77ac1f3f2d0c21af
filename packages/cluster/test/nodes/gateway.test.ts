import assert from 'node:assert/strict';
import { describe, it, mock, type TestContext } from 'node:test';
import { Random } from '@sluice/testkit';
import { type GatewayBounds, NodeGateway } from '../../src/nodes/index.ts';
import { SILENT } from '../silent.ts';
import { FakeBackplane, FakeNetwork } from './network.ts';

const BOUNDS: GatewayBounds = {
  outgoing: { maxMessages: 10_000, maxBytes: 10_000_000, maxAgeMs: 60_000 },
  incoming: { maxHeldBytes: 1_000_000, maxHoldMs: 60_000 },
};
const BEAT_MS = 1000;
const DEAD_MS = 5000;

/** One node that notes all it hears. */
class Node {
  readonly backplane: FakeBackplane;
  readonly gateway: NodeGateway;
  /** By topic and origin. */
  readonly got = new Map<string, string[]>();
  readonly lost: string[] = [];
  readonly log: string[] = [];

  constructor(network: FakeNetwork, now: () => number, bounds: GatewayBounds) {
    this.backplane = new FakeBackplane(network);
    const { backplane } = this;
    this.gateway = new NodeGateway({ backplane, bounds, beatMs: BEAT_MS, deadMs: DEAD_MS, log: SILENT, now });
  }

  start(): Promise<void> {
    return this.gateway.start({
      message: (origin, topic, body) => this.heard(origin, topic).push(body.toString()),
      lost: (_origin, topic) => this.lost.push(topic),
      nodeJoined: (node) => this.log.push(`joined ${node}`),
      nodeGone: (node, reason) => this.log.push(`${reason} ${node}`),
      connected: () => {},
      disconnected: () => {},
      stoodStill: () => {},
      notice: (_origin, notice) => this.log.push(JSON.stringify(notice)),
    });
  }

  heard(origin: string, topic: string): string[] {
    const key = `${topic} ${origin}`;
    const list = this.got.get(key) ?? [];
    this.got.set(key, list);
    return list;
  }
}

/** Nodes over one network, in a time that only the test moves. */
class Nodes {
  readonly network = new FakeNetwork();
  readonly all: Node[] = [];
  #nowMs = 0;

  constructor(t: TestContext, count: number, bounds: GatewayBounds = BOUNDS) {
    mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
    t.after(() => mock.timers.reset());
    for (let i = 0; i < count; i++) this.add(bounds);
  }

  add(bounds: GatewayBounds = BOUNDS): Node {
    const node = new Node(this.network, () => this.#nowMs, bounds);
    this.all.push(node);
    return node;
  }

  async start(): Promise<Node[]> {
    const starting = this.all.map((node) => node.start());
    await this.pass(3);
    await Promise.all(starting);
    return this.all;
  }

  /** So many beats, with all that is on its way. */
  async pass(beats: number): Promise<void> {
    for (let i = 0; i < beats; i++) {
      for (let turns = 0; turns < 4; turns++) {
        this.network.settle();
        await Promise.resolve();
      }
      this.tick();
      this.network.settle();
    }
  }

  tick(): void {
    this.#nowMs += BEAT_MS;
    mock.timers.tick(BEAT_MS);
  }
}

function numbers(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, i) => String(from + i));
}

function publish(node: Node, topic: string, texts: readonly string[]): void {
  for (const text of texts) node.gateway.publish(topic, Buffer.from(text));
}

describe('Messages between nodes', () => {
  it('come to those who joined the topic, in order, and to nobody else', async (t) => {
    const nodes = new Nodes(t, 3);
    const [a, b, c] = (await nodes.start()) as [Node, Node, Node];
    b.gateway.join('1:x', () => {});
    nodes.network.settle();
    publish(a, '1:x', numbers(5));
    await nodes.pass(1);
    assert.deepEqual(b.heard(a.gateway.id, '1:x'), numbers(5));
    assert.equal(c.got.size, 0);
    assert.equal(nodes.network.carried.get('1:x'), 5, 'a node without interest costs nothing');
  });

  it('of an outage wait for its end, and come then', async (t) => {
    const nodes = new Nodes(t, 2);
    const [a, b] = (await nodes.start()) as [Node, Node];
    b.gateway.join('1:x', () => {});
    nodes.network.settle();
    publish(a, '1:x', numbers(3));
    nodes.network.settle();
    for (const { backplane } of [a, b]) backplane.disconnect();
    publish(a, '1:x', numbers(3, 3));
    await nodes.pass(10);
    assert.deepEqual(
      a.log.filter((line) => line.startsWith('dead')),
      [],
      'who cannot listen judges nobody',
    );
    for (const { backplane } of [a, b]) backplane.connect();
    await nodes.pass(2);
    assert.deepEqual(b.heard(a.gateway.id, '1:x'), numbers(6));
    assert.deepEqual(b.lost, []);
  });

  it('are repaired though the last of a burst was lost, and no message follows', async (t) => {
    const nodes = new Nodes(t, 2);
    const [a, b] = (await nodes.start()) as [Node, Node];
    b.gateway.join('1:x', () => {});
    nodes.network.settle();
    b.backplane.disconnect();
    publish(a, '1:x', numbers(4));
    await nodes.pass(2);
    b.backplane.connect();
    await nodes.pass(2);
    assert.deepEqual(b.heard(a.gateway.id, '1:x'), numbers(4));
  });

  it('that are not kept any more are reported as lost, and the others come', async (t) => {
    const nodes = new Nodes(t, 2, { ...BOUNDS, outgoing: { ...BOUNDS.outgoing, maxMessages: 3 } });
    const [a, b] = (await nodes.start()) as [Node, Node];
    b.gateway.join('1:x', () => {});
    nodes.network.settle();
    publish(a, '1:x', ['first']);
    nodes.network.settle();
    b.backplane.disconnect();
    for (const text of numbers(6)) {
      publish(a, '1:x', [text]);
      nodes.network.settle();
    }
    b.backplane.connect();
    await nodes.pass(3);
    assert.deepEqual(b.heard(a.gateway.id, '1:x'), ['first', '3', '4', '5']);
    assert.deepEqual(b.lost, ['1:x']);
  });

  it('beyond the bounds of an outage are refused and counted; those before them come', async (t) => {
    const nodes = new Nodes(t, 2, { ...BOUNDS, outgoing: { ...BOUNDS.outgoing, maxMessages: 3 } });
    const [a, b] = (await nodes.start()) as [Node, Node];
    b.gateway.join('1:x', () => {});
    nodes.network.settle();
    a.backplane.disconnect();
    const taken = numbers(5).map((text) => a.gateway.publish('1:x', Buffer.from(text)));
    assert.deepEqual(taken, [true, true, true, false, false]);
    assert.equal(a.gateway.counters.refused, 2);
    a.backplane.connect();
    await nodes.pass(2);
    assert.deepEqual(b.heard(a.gateway.id, '1:x'), numbers(3));
    assert.deepEqual(b.lost, []);
  });

  it('that are no frames of this version are counted and dropped', async (t) => {
    const nodes = new Nodes(t, 2);
    const [a, b] = (await nodes.start()) as [Node, Node];
    b.gateway.join('1:x', () => {});
    nodes.network.settle();
    const hostile = [Buffer.alloc(0), Buffer.from([1]), Buffer.alloc(40, 1), Buffer.from([9, 0, ...Buffer.alloc(30)])];
    for (const frame of hostile) a.backplane.publish('1:x', frame, () => {});
    for (let kind = 0; kind < 5; kind++)
      a.backplane.publish('1:x', Buffer.from([1, kind, ...Buffer.alloc(12, 9)]), () => {});
    nodes.network.settle();
    assert.equal(b.got.size, 0);
    assert.equal(b.gateway.counters.unknown, 9);
  });

  for (let seed = 1; seed <= 100; seed++) {
    it(`come exactly once and in order whatever breaks (seed ${seed})`, async (t) => {
      const random = new Random(seed);
      const nodes = new Nodes(t, 3 + (seed % 3));
      const all = await nodes.start();
      const topics = ['1:a', '1:b', '2:a'];
      for (const node of all) for (const topic of topics) node.gateway.join(topic, () => {});
      nodes.network.settle();
      const sent = new Map<string, string[]>();
      for (let step = 0; step < 800; step++) {
        const node = random.pick(all);
        const topic = random.pick(topics);
        const what = random.below(100);
        if (what < 45) {
          const key = `${topic} ${node.gateway.id}`;
          const list = sent.get(key) ?? [];
          sent.set(key, list);
          list.push(String(step));
          publish(node, topic, [String(step)]);
        } else if (what < 65) for (let i = random.below(6); i > 0; i--) nodes.network.carry(node.backplane);
        else if (what < 88) for (let i = random.below(12); i > 0; i--) nodes.network.read(node.backplane);
        else if (what < 92) node.backplane.disconnect();
        else if (what < 97) node.backplane.connect();
        else nodes.tick();
      }
      for (const { backplane } of all) if (!backplane.isConnected) backplane.connect();
      await nodes.pass(4);
      for (const node of all) {
        assert.deepEqual(node.lost, []);
        for (const [key, texts] of sent) {
          if (key.endsWith(node.gateway.id)) continue;
          assert.deepEqual(node.got.get(key), texts, `${node.gateway.id} of ${key}`);
        }
      }
    });
  }
});

describe('The nodes that live', () => {
  it('know each other when they have started, and of one that leaves at once', async (t) => {
    const nodes = new Nodes(t, 3);
    const [a, b, c] = (await nodes.start()) as [Node, Node, Node];
    assert.deepEqual([...a.gateway.nodes].sort(), [b.gateway.id, c.gateway.id].sort());
    const closing = b.gateway.close();
    nodes.network.settle();
    await closing;
    assert.equal(a.log.at(-1), `left ${b.gateway.id}`);
    assert.deepEqual(c.gateway.nodes, [a.gateway.id]);
  });

  it('notice one that is silent too long, once, and that it is back', async (t) => {
    const nodes = new Nodes(t, 3);
    const [a, b, c] = (await nodes.start()) as [Node, Node, Node];
    c.backplane.disconnect();
    await nodes.pass(DEAD_MS / BEAT_MS - 1);
    assert.ok(a.gateway.nodes.includes(c.gateway.id), 'not before its time');
    await nodes.pass(3);
    for (const node of [a, b]) assert.deepEqual(node.log.filter((line) => line === `dead ${c.gateway.id}`).length, 1);
    c.backplane.connect();
    await nodes.pass(2);
    assert.equal(a.log.at(-1), `joined ${c.gateway.id}`);
    assert.equal(c.gateway.nodes.length, 2);
    assert.ok(!c.log.some((line) => line.startsWith('dead')), 'who cannot listen judges nobody');
  });
});
