import assert from 'node:assert/strict';
import { afterEach, describe, it, mock } from 'node:test';
import { type Node, Nodes } from './nodes.ts';

const NODES = 100;
const TO_ALL = '/nodes';
const TO_ONE = '/node/';
const BODY = Buffer.alloc(300, 'x');

afterEach(() => mock.timers.reset());

/** What the transport hands out from here on: to nodes as such, to one node, and on topics. */
class Bill {
  readonly #nodes: Nodes;
  readonly #before: ReadonlyMap<string, number>;
  readonly #bytesBefore: number;

  constructor(nodes: Nodes) {
    this.#nodes = nodes;
    this.#before = new Map(nodes.network.carried);
    this.#bytesBefore = nodes.network.carriedBytes;
  }

  get toAll(): number {
    return this.#sum((topic) => topic === TO_ALL);
  }

  get toOne(): number {
    return this.#sum((topic) => topic.startsWith(TO_ONE));
  }

  get onTopics(): number {
    return this.#sum((topic) => !topic.startsWith('/'));
  }

  get bytes(): number {
    return this.#nodes.network.carriedBytes - this.#bytesBefore;
  }

  #sum(belongs: (topic: string) => boolean): number {
    let sum = 0;
    for (const [topic, count] of this.#nodes.network.carried) {
      if (belongs(topic)) sum += count - (this.#before.get(topic) ?? 0);
    }
    return sum;
  }
}

async function start(): Promise<Nodes> {
  const nodes = new Nodes(NODES);
  await nodes.start();
  return nodes;
}

/** Topic `i` is wanted by so many nodes, from node `i` on. */
function join({ all, network }: Nodes, topics: number, interested: number): void {
  for (let i = 0; i < topics; i++) {
    for (let k = 0; k < interested; k++) all[(i + k) % NODES]?.gateway.join(topicOf(i), () => {});
  }
  network.settle();
}

function topicOf(i: number): string {
  return `1:topic-${i}`;
}

/** 1000 messages over all topics, from nodes that want none. */
function publish(all: readonly Node[]): void {
  for (let i = 0; i < 1000; i++) all[60 + (i % 40)]?.gateway.publish(topicOf(i % 50), BODY);
}

function countGot(all: readonly Node[]): number {
  return all.reduce((sum, { got }) => sum + [...got.values()].flat().length, 0);
}

describe('What 100 nodes cost', () => {
  it('is, when all start together, a question and an answer for each to each', async () => {
    const nodes = new Nodes(NODES);
    const bill = new Bill(nodes);
    await nodes.start();
    assert.equal(bill.toOne, NODES * (NODES - 1));
    assert.ok(bill.toAll <= 6 * NODES * NODES, 'its question, and the beats of the first seconds');
  });

  it('is a beat of each to each, and nothing else, while nobody publishes', async (t) => {
    const nodes = await start();
    assert.ok(nodes.all.every(({ gateway }) => gateway.nodes.length === NODES - 1));
    const bill = new Bill(nodes);
    await nodes.pass(10);
    assert.equal(bill.toAll, 10 * NODES * NODES);
    assert.equal(bill.toOne, 0);
    const bytes = bill.bytes / bill.toAll;
    assert.ok(bytes < 64, `a beat of ${bytes} bytes`);
    t.diagnostic(`each second: ${bill.toAll / 10} beats, ${Math.round(bill.bytes / 10 / 1000)} kB`);
  });

  it('is a message for each node that wants it, and none for the others', async (t) => {
    const nodes = await start();
    join(nodes, 50, 3);
    const bill = new Bill(nodes);
    publish(nodes.all);
    nodes.network.settle();
    assert.equal(bill.onTopics, 3000);
    assert.equal(bill.toOne + bill.toAll, 0);
    assert.equal(countGot(nodes.all), 3000);
    t.diagnostic(
      `a message of ${BODY.length} bytes is one of ${Math.round(bill.bytes / bill.onTopics)} in the transport`,
    );
  });

  it('is, after an outage for all, two questions and answers for each to each, and no message twice', async (t) => {
    const nodes = await start();
    join(nodes, 50, 3);
    for (const { backplane } of nodes.all) backplane.disconnect();
    publish(nodes.all);
    await nodes.pass(10);
    const bill = new Bill(nodes);
    for (const { backplane } of nodes.all) backplane.connect();
    await nodes.pass(5);
    assert.equal(countGot(nodes.all), 3000);
    const pairs = NODES * (NODES - 1);
    t.diagnostic(`${bill.toOne} notices to one node, ${(bill.toOne / pairs).toFixed(2)} for each pair`);
    t.diagnostic(`${bill.onTopics} messages on topics; ${Math.round(bill.bytes / 1000)} kB in all`);
    assert.equal(bill.toOne, 4 * pairs);
    assert.equal(bill.onTopics, 3000);
  });

  it('is, after an outage of one, what that one asks and gets', async (t) => {
    const nodes = await start();
    join(nodes, 50, 3);
    const [deaf] = nodes.all;
    assert.ok(deaf);
    deaf.backplane.disconnect();
    publish(nodes.all);
    await nodes.pass(3);
    const bill = new Bill(nodes);
    deaf.backplane.connect();
    await nodes.pass(5);
    assert.equal(countGot(nodes.all), 3000);
    t.diagnostic(
      `${bill.toOne} notices and repeats to one node, for ${deaf.gateway.counters.repaired} messages missed`,
    );
    assert.equal(deaf.gateway.counters.repaired, 20);
    // It asks each node, and each node asks it, since what it published last is in doubt as well; and a question for its topic.
    assert.equal(bill.toOne, 4 * (NODES - 1) + 24);
    assert.equal(bill.onTopics, 0);
  });
});
