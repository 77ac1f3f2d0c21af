import assert from 'node:assert/strict';
import { afterEach, describe, it, mock } from 'node:test';
import { BEAT_MS, BOUNDS, DEAD_MS, type Node, Nodes } from './nodes.ts';

function numbers(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, i) => String(from + i));
}

function publish(node: Node, topic: string, texts: readonly string[]): void {
  for (const text of texts) node.gateway.publish(topic, Buffer.from(text));
}

afterEach(() => mock.timers.reset());

describe('Messages between nodes', () => {
  it('come to those who joined the topic, in order, and to nobody else', async () => {
    const nodes = new Nodes(3);
    const [a, b, c] = (await nodes.start()) as [Node, Node, Node];
    b.gateway.join('1:x', () => {});
    nodes.network.settle();
    publish(a, '1:x', numbers(5));
    await nodes.pass(1);
    assert.deepEqual(b.heard(a.gateway.id, '1:x'), numbers(5));
    assert.equal(c.got.size, 0);
    assert.equal(nodes.network.carried.get('1:x'), 5, 'a node without interest costs nothing');
  });

  it('of an outage wait for its end, and come then', async () => {
    const nodes = new Nodes(2);
    const [a, b] = (await nodes.start()) as [Node, Node];
    b.gateway.join('1:x', () => {});
    nodes.network.settle();
    publish(a, '1:x', numbers(3));
    nodes.network.settle();
    publish(a, '1:x', numbers(2, 3));
    for (const { backplane } of [a, b]) backplane.disconnect();
    publish(a, '1:x', numbers(3, 5));
    await nodes.pass(10);
    assert.deepEqual(
      a.log.filter((line) => line.startsWith('dead')),
      [],
      'who cannot listen judges nobody',
    );
    for (const { backplane } of [a, b]) backplane.connect();
    await nodes.pass(2);
    assert.deepEqual(b.heard(a.gateway.id, '1:x'), numbers(8));
    assert.deepEqual(b.lost, []);
    const { unconfirmed, resent, published } = a.gateway.counters;
    assert.deepEqual({ unconfirmed, resent, published }, { unconfirmed: 0, resent: 2, published: 8 });
    assert.equal(b.gateway.counters.repaired, 0, 'what waited, and what was under way, goes out by itself');
  });

  it('of a node that started while another could not hear come to it when it can', async () => {
    const nodes = new Nodes(1);
    const [b] = (await nodes.start()) as [Node];
    b.gateway.join('1:x', () => {});
    nodes.network.settle();
    b.backplane.disconnect();
    const a = nodes.add();
    const starting = a.start();
    await nodes.pass(3);
    await starting;
    publish(a, '1:x', numbers(3));
    await nodes.pass(10);
    b.backplane.connect();
    await nodes.pass(3);
    assert.deepEqual(b.heard(a.gateway.id, '1:x'), numbers(3));
  });

  it('of a node that is silent for ten minutes are forgotten, and with them what is missing', async () => {
    for (const [minutes, lost] of [
      [5, ['1:x']],
      [11, []],
    ] as const) {
      const nodes = new Nodes(2);
      const [a, b] = (await nodes.start()) as [Node, Node];
      b.gateway.join('1:x', () => {});
      nodes.network.settle();
      nodes.network.part([a.backplane]);
      publish(a, '1:x', numbers(3));
      await nodes.pass(minutes * 60);
      nodes.network.heal();
      await nodes.pass(3);
      publish(a, '1:x', ['last']);
      await nodes.pass(3);
      assert.deepEqual(b.heard(a.gateway.id, '1:x'), ['last']);
      assert.deepEqual(b.lost, lost);
      mock.timers.reset();
    }
  });

  it('that a server swallowed when it died are asked for, though only their origin lost its connection', async () => {
    const nodes = new Nodes(2);
    const [a, b] = (await nodes.start()) as [Node, Node];
    b.gateway.join('1:x', () => {});
    nodes.network.settle();
    publish(a, '1:x', numbers(3));
    a.backplane.swallow(3);
    a.backplane.connect();
    nodes.network.settle();
    assert.deepEqual(b.heard(a.gateway.id, '1:x'), numbers(3), 'at once, and not at the next beat');
  });

  it('of many topics are repaired by questions and answers of a bounded size', async () => {
    const nodes = new Nodes(2);
    const [a, b] = (await nodes.start()) as [Node, Node];
    const topics = Array.from({ length: 2000 }, (_, i) => `1:${String(i).padStart(500, '-')}`);
    for (const topic of topics) b.gateway.join(topic, () => {});
    nodes.network.settle();
    b.backplane.disconnect();
    for (const topic of topics) publish(a, topic, ['last']);
    nodes.network.settle();
    b.backplane.connect();
    await nodes.pass(2);
    for (const topic of topics) assert.deepEqual(b.heard(a.gateway.id, topic), ['last']);
    assert.ok(nodes.network.largest < 300_000, `a message of ${nodes.network.largest} bytes`);
  });

  it('of very many topics are repaired by answers that go out as the transport takes them, and once', async () => {
    const nodes = new Nodes(2);
    const [a, b] = (await nodes.start()) as [Node, Node];
    const topics = Array.from({ length: 4000 }, (_, i) => `1:${String(i).padStart(500, '-')}`);
    b.backplane.disconnect();
    for (const topic of topics) publish(a, topic, ['last']);
    nodes.network.settle();
    let [parts, mostBytes] = [0, 0];
    const send = a.backplane.publish.bind(a.backplane);
    a.backplane.publish = (topic, message, confirmed) => {
      send(topic, message, confirmed);
      if (message.length > 100_000) parts++;
      mostBytes = Math.max(
        mostBytes,
        a.backplane.outbox.reduce((sum, each) => sum + each.message.length, 0),
      );
    };
    b.backplane.connect();
    // Slowly, so that the answer is under way for several beats.
    for (let i = 0; i < 60; i++) {
      for (const { backplane } of nodes.all) {
        nodes.network.carry(backplane);
        nodes.network.read(backplane);
      }
      if (i % 8 === 7) nodes.tick();
    }
    await nodes.pass(3);
    assert.equal(parts, 8, 'each part once');
    assert.ok(mostBytes < 1_400_000, `${mostBytes} bytes wait for the transport`);
  });

  it('are repaired though the last of a burst was lost, and no message follows', async () => {
    const nodes = new Nodes(2);
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

  it('that are not kept any more are reported as lost, and the others come', async () => {
    const nodes = new Nodes(2, { ...BOUNDS, outgoing: { ...BOUNDS.outgoing, maxMessages: 3 } });
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

  it('beyond the bounds of an outage are refused and counted; those before them come', async () => {
    const nodes = new Nodes(2, { ...BOUNDS, outgoing: { ...BOUNDS.outgoing, maxMessages: 3 } });
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

  it('that are no frames of this version are counted and dropped', async () => {
    const nodes = new Nodes(2);
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
});

describe('The nodes that live', () => {
  it('know each other when they have started, and of one that leaves at once', async () => {
    const nodes = new Nodes(3);
    const [a, b, c] = (await nodes.start()) as [Node, Node, Node];
    assert.deepEqual([...a.gateway.nodes].sort(), [b.gateway.id, c.gateway.id].sort());
    const closing = b.gateway.close();
    nodes.network.settle();
    await closing;
    assert.equal(a.log.at(-1), `left ${b.gateway.id}`);
    assert.deepEqual(c.gateway.nodes, [a.gateway.id]);
  });

  it('notice one that is silent too long, once, and that it is back', async () => {
    const nodes = new Nodes(3);
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
