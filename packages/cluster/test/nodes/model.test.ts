import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import fc from 'fast-check';
import type { GatewayBounds } from '../../src/nodes/gateway.ts';
import { BOUNDS, Nodes } from './nodes.ts';
import { Observed } from './observed.ts';

const TOPICS = ['1:a', '1:b', '2:a'];
const MOST_NODES = 5;
/** Up to this `n` a message goes alone. */
const MOST_ALONE = 8;

/** One step of a play. `node` and `topic` are taken modulo what there is; `n` counts steps of the network. */
const STEP = fc.record({
  what: fc.oneof(
    { weight: 45, arbitrary: fc.constant('publish' as const) },
    { weight: 20, arbitrary: fc.constant('carry' as const) },
    { weight: 23, arbitrary: fc.constant('read' as const) },
    { weight: 4, arbitrary: fc.constant('disconnect' as const) },
    { weight: 2, arbitrary: fc.constant('swallow' as const) },
    { weight: 6, arbitrary: fc.constant('connect' as const) },
    { weight: 4, arbitrary: fc.constant('join' as const) },
    { weight: 3, arbitrary: fc.constant('leave' as const) },
    { weight: 1, arbitrary: fc.constant('part' as const) },
    { weight: 2, arbitrary: fc.constant('heal' as const) },
    { weight: 1, arbitrary: fc.constant('double' as const) },
    { weight: 4, arbitrary: fc.constant('tick' as const) },
  ),
  node: fc.nat(MOST_NODES - 1),
  topic: fc.nat(TOPICS.length - 1),
  n: fc.integer({ min: 1, max: 12 }),
});

type Step = typeof STEP extends fc.Arbitrary<infer T> ? T : never;

const PLAY = fc.record({
  count: fc.integer({ min: 3, max: MOST_NODES }),
  steps: fc.array(STEP, { maxLength: 600, size: 'max' }),
});

/** Plays the steps and lets everything come that can. */
async function play(
  { count, steps }: { count: number; steps: readonly Step[] },
  bounds: GatewayBounds,
  bodyBytes = SMALL_BYTES,
): Promise<Observed> {
  const nodes = new Nodes(count, bounds);
  try {
    const observed = new Observed(await nodes.start(), bodyBytes);
    for (const node of nodes.all) for (const topic of TOPICS) observed.join(node, topic);
    for (const step of steps) take(step, nodes, observed);
    heal(nodes);
    nodes.network.isDoubling = false;
    for (const { backplane } of nodes.all) if (!backplane.isConnected) backplane.connect();
    await nodes.pass(8);
    return observed;
  } finally {
    mock.timers.reset();
  }
}

function take({ what, node: place, topic: topicPlace, n }: Step, nodes: Nodes, observed: Observed): void {
  const { network, all } = nodes;
  const node = all[place % all.length];
  const topic = TOPICS[topicPlace];
  if (node === undefined || topic === undefined) return;
  switch (what) {
    case 'publish':
      observed.publish(node, ...(n <= MOST_ALONE ? [topic] : togetherTo(topic, n - MOST_ALONE)));
      return;
    case 'carry':
      for (let i = 0; i < n; i++) network.carry(node.backplane);
      return;
    case 'read':
      for (let i = 0; i < n; i++) network.read(node.backplane);
      return;
    case 'disconnect':
      node.backplane.disconnect();
      return;
    case 'swallow':
      node.backplane.swallow(n);
      return;
    case 'connect':
      if (!node.backplane.isConnected) node.backplane.connect();
      return;
    case 'join':
      observed.join(node, topic);
      return;
    case 'leave':
      observed.leave(node, topic);
      return;
    case 'part':
      heal(nodes);
      network.part(all.filter((_, i) => i % (1 + (n % 3)) === place % (1 + (n % 3))).map((each) => each.backplane));
      return;
    case 'heal':
      heal(nodes);
      return;
    case 'double':
      network.isDoubling = !network.isDoubling;
      return;
    case 'tick':
      nodes.tick();
  }
}

/** Messages of one turn: all but the last to one topic. */
function togetherTo(topic: string, count: number): string[] {
  const last = TOPICS[count % TOPICS.length] ?? topic;
  return [...Array.from({ length: count }, () => topic), last];
}

/** What a parted network swallows is noticed by the beats that it swallows too: it lasts for one, at least. */
function heal({ network, tick }: Nodes): void {
  network.settle();
  tick();
  network.settle();
  network.heal();
}

const SMALL_BYTES = 8;
/** A few of them are as much as the transport is given at once. */
const LARGE_BYTES = 300 * 1024;

const RUNS = { numRuns: 150, seed: 20_261_124 };

describe('Whatever breaks', () => {
  it('who has joined gets each message once and in order, and nothing is lost within the bounds', async () => {
    await fc.assert(
      fc.asyncProperty(PLAY, async (steps) => {
        const observed = await play(steps, BOUNDS);
        observed.assertInOrder();
        observed.assertWhole();
        assert.equal(observed.lostCount, 0);
      }),
      RUNS,
    );
  });

  it('large messages come so too, that go out no faster than the transport takes them', async () => {
    const roomy: GatewayBounds = {
      outgoing: { ...BOUNDS.outgoing, maxBytes: 1e9 },
      incoming: { ...BOUNDS.incoming, maxHeldBytes: 1e9 },
    };
    await fc.assert(
      fc.asyncProperty(PLAY, async (steps) => {
        const observed = await play(steps, roomy, LARGE_BYTES);
        observed.assertInOrder();
        observed.assertWhole();
        assert.equal(observed.lostCount, 0);
      }),
      { ...RUNS, numRuns: 40 },
    );
  });

  it('beyond the bounds it is told exactly what is lost', async () => {
    const tight: GatewayBounds = {
      outgoing: { ...BOUNDS.outgoing, maxMessages: 12 },
      incoming: { maxHeldBytes: 10 * SMALL_BYTES, maxHoldMs: 3000 },
    };
    let lost = 0;
    await fc.assert(
      fc.asyncProperty(PLAY, async (steps) => {
        const observed = await play(steps, tight);
        observed.assertInOrder();
        observed.assertWhole();
        lost += observed.lostCount;
      }),
      RUNS,
    );
    assert.ok(lost > 100, `only ${lost} losses: the bounds were not reached`);
  });
});
