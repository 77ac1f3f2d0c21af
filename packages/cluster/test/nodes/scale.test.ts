import assert from 'node:assert/strict';
import { after, before, describe, it, mock } from 'node:test';
import { NodeGateway } from '../../src/nodes/index.ts';
import type { LocalHub } from '../../src/primary/local-hub.ts';
import { OtherNodes } from '../../src/primary/other-nodes.ts';
import { localHub, SILENT } from '../silent.ts';
import { FakeBackplane, FakeNetwork } from './network.ts';

const MEMBERS = 100;
const BEAT_MS = 1000;
const DEAD_MS = 5000;
/** Longer than numbers of subscribers wait for others. */
const COUNTS_MS = 100;
/** What a node says of itself at each beat: that it lives, and the version of its registry. */
const SAID_PER_BEAT = 2;
/** A newcomer has its share of the work after these at the latest. */
const MOST_BEATS = 20;
const WORKER = 1;

/** What a node's primary has, with nothing but the transport replaced. */
class Member {
  readonly backplane: FakeBackplane;
  readonly others: OtherNodes;
  readonly hub: LocalHub;
  readonly got: string[] = [];

  constructor(network: FakeNetwork, now: () => number) {
    this.backplane = new FakeBackplane(network);
    const gateway = new NodeGateway({
      backplane: this.backplane,
      bounds: {
        outgoing: { maxMessages: 1000, maxBytes: 1_000_000, maxAgeMs: 60_000 },
        incoming: { maxHeldBytes: 1_000_000, maxHoldMs: 60_000 },
      },
      beatMs: BEAT_MS,
      deadMs: DEAD_MS,
      log: SILENT,
      now,
    });
    this.others = new OtherNodes({
      gateway,
      beatMs: BEAT_MS,
      deadMs: DEAD_MS,
      hasWebhooks: () => false,
      log: SILENT,
      now,
    });
    this.hub = localHub({ others: this.others });
  }

  async start(): Promise<void> {
    const { replication } = this.hub;
    assert.ok(replication !== null);
    const deliver = (topic: string, message: Buffer): void => void this.got.push(`${topic} ${message.toString()}`);
    await this.others.start({ replication, deliver, reachable: () => {} });
  }

  /** Clients of a worker of this node. */
  subscribe(channel: string, subscriptions: number): void {
    this.hub.replication?.state.count(WORKER, { appId: '1', channel, subscriptions, announce: false });
  }

  subscribersOf(channel: string): number | undefined {
    return this.hub.replication?.state.directory.channel({ appId: '1', channel })?.subscriptions;
  }
}

/** What the transport has carried: taken from nodes, and handed to nodes. */
interface Traffic {
  readonly taken: number;
  readonly handed: Readonly<Record<string, number>>;
}

class Cluster {
  readonly network = new FakeNetwork();
  readonly members: Member[] = [];
  #nowMs = 0;

  /** One node after the other, each when those before it are there. */
  async grow(count: number): Promise<Member[]> {
    while (this.members.length < count) {
      const member = new Member(this.network, () => this.#nowMs);
      this.members.push(member);
      let hasStarted = false;
      const started = member.start().then(() => {
        hasStarted = true;
      });
      // Most of the time is the beat that a node waits for answers.
      while (!hasStarted) await this.pass(BEAT_MS / 2);
      await started;
    }
    return this.members;
  }

  /** Moves the time, and all that is on its way. */
  async pass(ms: number): Promise<void> {
    await this.settle();
    this.#nowMs += ms;
    mock.timers.tick(ms);
    await this.settle();
  }

  /** The ends of turns, at which changes go out, are not the mock's. */
  async settle(): Promise<void> {
    this.network.settle();
    await new Promise((resolve) => setImmediate(resolve));
    this.network.settle();
  }

  /** Of one beat, when all that newcomers ask and are told is over. */
  async atRest(): Promise<Traffic> {
    for (let beats = 0; ; beats++) {
      const traffic = await this.trafficOf(() => this.pass(BEAT_MS));
      if (Object.keys(traffic.handed).length === 1 || beats > MOST_BEATS) return traffic;
    }
  }

  async trafficOf(work: () => void | Promise<void>): Promise<Traffic> {
    const { network } = this;
    const before = { taken: network.taken, handed: new Map(network.carried) };
    await work();
    await this.settle();
    const handed = [...network.carried].map(
      ([topic, count]) => [topic, count - (before.handed.get(topic) ?? 0)] as const,
    );
    return { taken: network.taken - before.taken, handed: Object.fromEntries(handed.filter(([, count]) => count > 0)) };
  }
}

describe('What the transport carries for a hundred nodes', () => {
  // One for all: it takes a hundred nodes their time to meet.
  const cluster = new Cluster();
  before(() => mock.timers.enable({ apis: ['setInterval', 'setTimeout'] }));
  after(() => mock.timers.reset());

  it('is, at rest, what each says of itself to each, and no more', async () => {
    for (const count of [10, 50, MEMBERS]) {
      await cluster.grow(count);
      const { taken, handed } = await cluster.atRest();
      assert.equal(taken, SAID_PER_BEAT * count);
      assert.deepEqual(handed, { '/nodes': SAID_PER_BEAT * count * count });
    }
  });

  it('grows with those that want a message, and with nothing else', async () => {
    const members = await cluster.grow(MEMBERS);
    const [origin, ...rest] = members as [Member, ...Member[]];
    for (const [topic, wanting] of [
      ['1:nobody', 0],
      ['1:one', 1],
      ['1:ten', 10],
      ['1:all', MEMBERS - 1],
    ] as const) {
      for (const member of rest.slice(0, wanting)) member.others.join(topic, () => {});
      await cluster.settle();
      const publishes = 5;
      const { taken, handed } = await cluster.trafficOf(() => {
        for (let i = 0; i < publishes; i++) origin.others.publish(topic, Buffer.from(String(i)));
      });
      assert.equal(taken, publishes, 'each message goes out once, however many nodes want it');
      assert.deepEqual(handed, wanting === 0 ? {} : { [topic]: publishes * wanting });
      const got = members.filter((member) => member.got.some((text) => text.startsWith(`${topic} `)));
      assert.equal(got.length, wanting);
    }
  });

  it('is one message to each for all the subscribers that come to a node in a moment', async () => {
    await cluster.atRest();
    const members = await cluster.grow(MEMBERS);
    const [busy] = members as [Member, ...Member[]];
    const { taken, handed } = await cluster.trafficOf(async () => {
      for (let count = 1; count <= 1000; count++) busy.subscribe('news', count);
      await cluster.pass(COUNTS_MS);
    });
    assert.equal(taken, 1);
    assert.deepEqual(handed, { '/registry': MEMBERS });
    assert.ok(members.every((member) => member.subscribersOf('news') === 1000));
  });

  it('is, for a newcomer, a few words with each node, and two of each to all', async () => {
    await cluster.atRest();
    const { handed } = await cluster.trafficOf(async () => {
      await cluster.grow(MEMBERS + 1);
      await cluster.atRest();
    });
    const toOne = Object.entries(handed).reduce(
      (sum, [topic, count]) => (topic.startsWith('/node/') ? sum + count : sum),
      0,
    );
    // Who is there; each one's snapshot, both ways, asked and given; its newest numbers, asked and given. A question may come twice.
    assert.ok(toOne <= 8 * MEMBERS, `${toOne} messages to one node`);
    assert.ok((handed['/registry'] ?? 0) <= 2 * MEMBERS * (MEMBERS + 1), `${handed['/registry']} changes`);
  });
});
