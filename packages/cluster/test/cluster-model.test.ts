import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '@sluice/testkit';
import { SimulatedCluster } from './simulated-cluster.ts';
import { MAX_DELAY_MS, SETTLE_MS } from './simulated-network.ts';
import { APP, type SimulatedNode, type Webhook } from './simulated-node.ts';

const ROOMS = ['presence-a', 'presence-b', 'presence-c'];
const CHANNELS = ['news', 'sport', 'presence-a'];
const USERS = ['ann', 'ben', 'cem', 'dora'];
const QUOTA = `app:${APP}`;

const SEEDS = 20;
const STEPS = 1500;

interface Faults {
  readonly deaths: boolean;
  readonly losses: boolean;
  readonly separations: boolean;
  readonly cutOffs?: boolean;
  readonly ends?: boolean;
  /** The first three nodes start at the same moment. */
  readonly together?: boolean;
  /** What is asked for changes while it is made. */
  readonly slowSnapshots?: boolean;
}

function step(cluster: SimulatedCluster, faults: Faults): void {
  const { random, nodes } = cluster;
  const node = random.pick(nodes);
  const worker = random.pick(node.workers);
  const clients = [...node.clients];
  const act = random.below(100);
  if (act < 30) node.join(worker, random.pick(ROOMS), random.pick(USERS));
  else if (act < 56 && clients.length > 0) node.leave(random.pick(clients));
  else if (act < 68) node.subscribe(worker, random.pick(CHANNELS), random.below(3));
  else if (act < 74) node.signIn(worker, random.pick(USERS));
  else if (act < 80) node.signOut(worker);
  else if (act < 84) node.watch(worker, [random.pick(USERS), random.pick(USERS)]);
  else if (act < 88) node.takeSlot(worker, QUOTA);
  else if (act < 91) node.giveSlotBack(worker, QUOTA);
  else if (act < 94)
    node.registry.keep({
      appId: APP,
      channel: 'cache-x',
      text: `${random.below(1e9)}`,
      tagsJson: '{"a":"b"}',
      ttlMs: 1e6,
    });
  else if (act < 96) node.replaceWorker(worker);
  else if (act < 98 && faults.losses) cluster.lose(node, random.pick(nodes));
  else if (act < 99 && faults.separations) {
    const other = random.pick(nodes);
    if (other !== node) cluster.part(node, other);
  } else if (act === 99 && faults.deaths && nodes.length === 3 && (faults.separations || cluster.isSettled)) {
    cluster.kill(node);
    cluster.start();
  } else if (act === 99 && faults.cutOffs === true && cluster.isSettled) cluster.cutOff(node);
  else if (act >= 96 && faults.ends === true && nodes.length === 3 && cluster.isSettled) {
    for (const ending of nodes.slice(1 + random.below(2))) cluster.end(ending);
  }
}

function fillUp(cluster: SimulatedCluster): void {
  if (!cluster.isSettled) return;
  for (let missing = 3 - cluster.nodes.length; missing > 0; missing--) cluster.start();
}

function play(seed: number, faults: Faults): SimulatedCluster {
  const cluster = new SimulatedCluster(new Random(seed));
  if (faults.slowSnapshots === true) cluster.stepsPerMs = 1;
  for (let i = 0; i < 3; i++) {
    cluster.start();
    cluster.run(faults.together === true ? cluster.random.below(SETTLE_MS) : 3 * SETTLE_MS);
  }
  while (cluster.nodes.length === 0) cluster.run(1);
  for (let i = 0; i < STEPS; i++) {
    step(cluster, faults);
    fillUp(cluster);
    if (cluster.random.below(3) > 0) cluster.run(cluster.random.below(8));
  }
  do {
    cluster.run(2000);
    fillUp(cluster);
  } while (cluster.nodes.length < 3);
  return cluster;
}

const membersIn = (nodes: readonly SimulatedNode[], room: string): string[] => [
  ...new Set(nodes.flatMap(({ clients }) => [...clients].filter((c) => c.channel === room).map((c) => c.userId))),
];

const countOf = (nodes: readonly SimulatedNode[], channel: string): number =>
  nodes.flatMap(({ counts }) => [...counts.values()]).reduce((sum, held) => sum + (held.get(channel) ?? 0), 0);

/** What nodes and clients know against a plain account of who is where. */
function checkViews({ nodes }: SimulatedCluster): void {
  assert.equal(nodes.length, 3);
  const online = [...new Set(nodes.flatMap(({ signedIn }) => [...signedIn.values()].flat()))].sort();
  const slots = nodes.flatMap((node) => [...node.slots.values()]).reduce((sum, held) => sum + held, 0);
  for (const { registry, clients, watched, id } of nodes) {
    for (const room of ROOMS) {
      const members = membersIn(nodes, room).sort();
      assert.deepEqual(registry.users(APP, room).sort(), members, `${room} on ${id}`);
      for (const { view } of [...clients].filter((c) => c.channel === room)) {
        assert.deepEqual([...view].sort(), members, `the view of a client on ${id}`);
      }
    }
    for (const channel of [...CHANNELS, ...ROOMS]) {
      const [summary] = registry.summaries(APP, [channel]);
      assert.equal(summary?.subscriptions, countOf(nodes, channel), `${channel} on ${id}`);
    }
    for (const view of watched.values()) {
      for (const [userId, isOnline] of view) assert.equal(isOnline, online.includes(userId), `${userId} on ${id}`);
    }
    assert.deepEqual(registry.watch(99, APP, USERS).sort(), online);
    assert.equal(registry.acquire(99, { name: QUOTA, max: slots }), false, `${slots} slots on ${id}`);
    assert.equal(registry.acquire(99, { name: QUOTA, max: slots + 1 }), true, `${slots} slots on ${id}`);
    registry.release(99, QUOTA);
  }
}

function checkKept({ nodes }: SimulatedCluster): void {
  const kept = nodes.map(({ registry }) => registry.kept(APP, 'cache-x')?.text);
  assert.equal(new Set(kept).size, 1, `kept: ${kept.join(', ')}`);
}

const subjectOf = ({ event }: Webhook): string => `${event.channel} ${'userId' in event ? event.userId : ''}`;
const isComing = ({ event }: Webhook): boolean => event.type === 'channel_occupied' || event.type === 'member_added';

/** Its node fell silent before it can have been heard saying that it told it. */
const isUnheard = ({ node, at }: Webhook): boolean =>
  node.silencedAt.some((silencedAt) => silencedAt >= at && silencedAt - at <= MAX_DELAY_MS);

/** Comings and goings alternate, and the last one agrees with the state. Returns how many were told twice. */
function checkWebhooks({ webhooks, nodes }: SimulatedCluster): number {
  let doubles = 0;
  const last = new Map<string, Webhook>();
  for (const webhook of webhooks.filter(({ event }) => event.type !== 'subscription_count')) {
    const subject = subjectOf(webhook);
    const before = last.get(subject);
    last.set(subject, webhook);
    if (before === undefined ? isComing(webhook) : isComing(before) !== isComing(webhook)) continue;
    assert.ok(before !== undefined && isUnheard(before), `${webhook.event.type} ${subject} twice`);
    doubles++;
  }
  const agrees = (subject: string, isThere: boolean): void => {
    const webhook = last.get(subject);
    if (webhook !== undefined && isUnheard(webhook)) return;
    assert.equal(webhook !== undefined && isComing(webhook), isThere, subject);
  };
  for (const room of ROOMS) {
    const members = membersIn(nodes, room);
    for (const user of USERS) agrees(`${room} ${user}`, members.includes(user));
    agrees(`${room} `, members.length > 0 || countOf(nodes, room) > 0);
  }
  for (const channel of ['news', 'sport']) agrees(`${channel} `, countOf(nodes, channel) > 0);
  return doubles;
}

function forAllSeeds(faults: Faults, check: (cluster: SimulatedCluster) => void): void {
  for (let seed = 1; seed <= SEEDS; seed++) {
    try {
      using cluster = play(seed, faults);
      check(cluster);
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
}

describe('Three nodes of two workers that tell each other with delays', () => {
  it('end with the same state and views, and tell webhooks each transition once', () => {
    forAllSeeds({ deaths: false, losses: false, separations: false }, (cluster) => {
      checkViews(cluster);
      checkKept(cluster);
      assert.equal(checkWebhooks(cluster), 0);
    });
  });

  it('do so when all three start at the same moment, with and without losses', () => {
    for (const losses of [false, true]) {
      forAllSeeds({ deaths: false, losses, separations: false, together: true }, (cluster) => {
        checkViews(cluster);
        assert.equal(checkWebhooks(cluster), 0);
      });
    }
  });

  it('do so when messages are lost and snapshots come instead', () => {
    let lost = 0;
    forAllSeeds({ deaths: false, losses: true, separations: false }, (cluster) => {
      lost += cluster.lost;
      checkViews(cluster);
      checkKept(cluster);
      assert.equal(checkWebhooks(cluster), 0);
    });
    assert.ok(lost > 10 * SEEDS, `${lost} lost`);
  });

  it('do so when nodes die and others start', () => {
    let deaths = 0;
    forAllSeeds({ deaths: true, losses: false, separations: false }, (cluster) => {
      deaths += cluster.deaths;
      checkViews(cluster);
      checkWebhooks(cluster);
    });
    assert.ok(deaths >= SEEDS, `${deaths} deaths`);
  });

  it('do so when nodes end in order, one or two together, and others start', () => {
    let ends = 0;
    forAllSeeds({ deaths: false, losses: false, separations: false, ends: true }, (cluster) => {
      ends += cluster.ends;
      checkViews(cluster);
      assert.equal(checkWebhooks(cluster), 0);
    });
    assert.ok(ends >= SEEDS, `${ends} ends`);
  });

  it('agree about who is where when they were separated and meet again', () => {
    forAllSeeds({ deaths: true, losses: true, separations: true }, checkViews);
  });

  it('agree about who is where though snapshots were made while it changed', () => {
    forAllSeeds({ deaths: true, losses: true, separations: true, slowSnapshots: true }, checkViews);
  });

  it('tell webhooks each transition once when a node is cut off and comes back', () => {
    for (const slowSnapshots of [false, true]) {
      forAllSeeds({ deaths: false, losses: false, separations: false, cutOffs: true, slowSnapshots }, (cluster) => {
        checkViews(cluster);
        checkWebhooks(cluster);
      });
    }
  });

  it('tell webhooks each transition once though snapshots were made while it changed', () => {
    const none = { deaths: false, losses: false, separations: false, slowSnapshots: true };
    for (const faults of [{ losses: true }, { deaths: true }, { ends: true }]) {
      forAllSeeds({ ...none, ...faults }, (cluster) => {
        checkViews(cluster);
        const doubles = checkWebhooks(cluster);
        if (!('deaths' in faults)) assert.equal(doubles, 0);
      });
    }
  });
});
