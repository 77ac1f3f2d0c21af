import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { RedisCluster, type RedisServer, until } from '@sluice/testkit';
import { findSlots } from '../src/redis/cluster-slots.ts';
import { RedisClusterBackplane } from '../src/redis/redis-cluster-backplane.ts';
import { slotOf } from '../src/redis/slot.ts';

const TIMEOUT_MS = 1000;
const PREFIX = 'p:';
/** Enough to have some on every master. */
const TOPICS = Array.from({ length: 30 }, (_, i) => `1:${i}`);

interface Listening {
  readonly backplane: RedisClusterBackplane;
  readonly log: string[];
  readonly received: Set<string>;
}

/** A replica takes over from a master that is gone, some seconds later. */
const FAILOVER_MS = 30_000;

describe('The backplane over a Redis Cluster with replicas', { timeout: 150_000 }, () => {
  let cluster: RedisCluster;
  before(async () => {
    cluster = await RedisCluster.start({ hasReplicas: true });
  });
  after(() => cluster[Symbol.asyncDispose]());

  async function listen(t: TestContext, prefix = PREFIX): Promise<Listening> {
    await cluster.isWhole();
    const backplane = new RedisClusterBackplane({
      connection: {
        nodes: cluster.ports.map((port) => ({ host: '127.0.0.1', port })),
        username: null,
        password: null,
        tls: null,
      },
      prefix,
      timeoutMs: TIMEOUT_MS,
    });
    t.after(() => backplane.close());
    const log: string[] = [];
    const received = new Set<string>();
    await backplane.start({
      message: (topic, message) => received.add(`${topic}=${message.toString()}`),
      connected: () => log.push('connected'),
      disconnected: (reason) => log.push(reason),
    });
    await Promise.all(TOPICS.map((topic) => new Promise<void>((resolve) => backplane.join(topic, resolve))));
    return { backplane, log, received };
  }

  /** Publishes on all topics until all of it comes back: a change of masters may cut it off at any time. */
  async function expectWorks({ backplane, received }: Listening, text: string): Promise<void> {
    const missing = (): string[] => TOPICS.filter((topic) => !received.has(`${topic}=${text}`));
    await until(
      `${text} on all topics`,
      () => {
        for (const topic of missing()) backplane.publish(topic, Buffer.from(text), () => {});
        return missing().length === 0;
      },
      FAILOVER_MS,
    );
  }

  function masterOf(topic: string): Promise<RedisServer> {
    return masterWith(slotOf(PREFIX + topic));
  }

  async function masterWith(slot: number): Promise<RedisServer> {
    for (const node of cluster.nodes) {
      const nodes = await node.command('CLUSTER', 'NODES').catch(() => '');
      const own = nodes.split('\n').find((line) => line.includes('myself,master')) ?? '';
      for (const range of own.split(' ').slice(8)) {
        const [first, last = first] = range.split('-').map(Number);
        if (first !== undefined && last !== undefined && first <= slot && slot <= last) return node;
      }
    }
    throw new Error(`no master has slot ${slot}`);
  }

  it('has slots where Redis has them', async () => {
    const [node] = cluster.nodes;
    for (const channel of ['1:x', '', 'a{b}c', 'a{}c', '{x', 'x}{y}', 'ä€{😀}', 'x'.repeat(500)]) {
      assert.equal(String(slotOf(channel)), await node?.command('CLUSTER', 'KEYSLOT', channel), channel);
    }
  });

  it('goes on when a master was killed and its replica has taken over, and when it is back as a replica', async (t) => {
    const listening = await listen(t);
    await expectWorks(listening, 'before');
    const master = await masterOf('1:0');
    await master.kill();
    await until('the loss', () => listening.log.length > 1);
    assert.match(listening.log[1] ?? '', new RegExp(`127.0.0.1:${master.port}: `));
    await until('the return', () => listening.log.at(-1) === 'connected', FAILOVER_MS);
    await expectWorks(listening, 'after');
    await master.start();
    await cluster.isWhole();
    await expectWorks(listening, 'whole again');
  });

  it('does not believe a master that was away and has not met the others again', async () => {
    await cluster.isWhole();
    const master = await masterOf('1:0');
    await master.kill();
    await until('another master', () => masterOf('1:0').catch(() => false as const), FAILOVER_MS);
    const address = { host: '127.0.0.1', port: master.port };
    const nobody = { nodes: [address], username: null, password: null, tls: null };
    const others = cluster.nodes.filter((node) => node !== master);
    await Promise.all(others.map((node) => node.pause()));
    try {
      await master.start();
      await assert.rejects(findSlots(nobody, [address], TIMEOUT_MS), /the cluster is down/);
    } finally {
      for (const node of others) node.resume();
    }
    await cluster.isWhole();
    const { masters } = await findSlots(nobody, [address], TIMEOUT_MS);
    assert.notEqual(masters[slotOf(`${PREFIX}1:0`)], `127.0.0.1:${master.port}`);
  });

  it('goes on when a master stops without a word', async (t) => {
    const listening = await listen(t);
    const master = await masterOf('1:1');
    await master.pause();
    t.after(() => master.resume());
    await until('the loss', () => listening.log.length > 1, 4 * TIMEOUT_MS);
    await until('the return', () => listening.log.at(-1) === 'connected', FAILOVER_MS);
    await expectWorks(listening, 'after');
    master.resume();
    await cluster.isWhole();
    await expectWorks(listening, 'whole again');
  });

  it('takes no notice of masters that it does not need, with a hash tag in its prefix', async (t) => {
    const listening = await listen(t, '{1:0}');
    const needed = await masterWith(slotOf('1:0'));
    const other = await otherMaster(needed);
    await other.kill();
    await until(
      'the others to notice',
      async () => (await needed.command('CLUSTER', 'NODES')).includes(' master,fail '),
      FAILOVER_MS,
    );
    await expectWorks(listening, 'without the other');
    await other.start();
    await cluster.isWhole();
    await expectWorks(listening, 'whole again');
    assert.deepEqual(listening.log, ['connected']);
  });

  it('follows a slot that is given to another master', async (t) => {
    const [topic] = TOPICS;
    assert.ok(topic !== undefined);
    const listening = await listen(t);
    const old = await masterOf(topic);
    const other = await otherMaster(old);
    const slot = String(slotOf(PREFIX + topic));
    const id = await other.command('CLUSTER', 'MYID');
    // The new master first: the old one would not let go for a node that it does not see as the owner.
    for (const node of [other, old]) await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', id);
    const from = performance.now();
    await until('the move to be noticed', () => listening.log.length > 1, 10_000);
    await until('the return', () => listening.log.at(-1) === 'connected', FAILOVER_MS);
    assert.ok(performance.now() - from < 3000, 'subscribers are told of it, and need not find out');
    await expectWorks(listening, 'after');
    assert.equal(await masterOf(topic), other);
  });

  async function otherMaster(than: RedisServer): Promise<RedisServer> {
    for (const topic of TOPICS) {
      const master = await masterOf(topic);
      if (master !== than) return master;
    }
    throw new Error('all topics are on one master');
  }

  it('follows a replica that is made master by hand', async (t) => {
    const listening = await listen(t);
    const master = await masterOf('1:0');
    const id = await master.command('CLUSTER', 'MYID');
    const nodes = await master.command('CLUSTER', 'NODES');
    const replicaLine = nodes.split('\n').find((line) => line.includes('slave') && line.includes(id)) ?? '';
    const replica = cluster.nodes.find(({ port }) => replicaLine.includes(`:${port}@`));
    assert.ok(replica !== undefined);
    await replica.command('CLUSTER', 'FAILOVER');
    await until('the move to be noticed', () => listening.log.length > 1, FAILOVER_MS);
    await until('the return', () => listening.log.at(-1) === 'connected', FAILOVER_MS);
    await expectWorks(listening, 'after');
    assert.equal(await masterOf('1:0'), replica);
  });
});
