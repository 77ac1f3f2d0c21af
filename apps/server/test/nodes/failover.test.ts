import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisCluster, RedisSentinels, type ServerProcess, type SluiceProcess, until } from '@sluice/testkit';
import { CLUSTER_HEALTH, connect, dataOfAll, Publisher, startNodes, TIMEOUT_MS } from './nodes.ts';

/** Enough to have some on every master. */
const CHANNELS = Array.from({ length: 8 }, (_, i) => `news-${i}`);

async function isDegraded(node: SluiceProcess): Promise<boolean> {
  return (await (await fetch(node.url('/up'))).text()) === 'DEGRADED';
}

interface Failover {
  readonly config: Readonly<Record<string, unknown>>;
  /** A master that nodes use. */
  readonly master: ServerProcess | undefined;
}

async function redisCluster(t: TestContext): Promise<Failover> {
  const cluster = await RedisCluster.start({ hasReplicas: true });
  t.after(() => cluster[Symbol.asyncDispose]());
  const nodes = cluster.ports.map((port) => `127.0.0.1:${port}`);
  const adapter = {
    driver: 'redis-cluster',
    cluster: { nodes, request_timeout_ms: TIMEOUT_MS },
    cluster_health: CLUSTER_HEALTH,
  };
  return { config: { adapter }, master: cluster.masters[0] };
}

async function redisSentinels(t: TestContext): Promise<Failover> {
  const sentinels = await RedisSentinels.start();
  t.after(() => sentinels[Symbol.asyncDispose]());
  const adapter = { driver: 'redis', redis: { requests_timeout: TIMEOUT_MS }, cluster_health: CLUSTER_HEALTH };
  const redis = { sentinels: sentinels.ports.map((port) => `127.0.0.1:${port}`), name: RedisSentinels.MASTER };
  return { config: { adapter, database: { redis } }, master: sentinels.master };
}

for (const [name, start] of [
  ['of a Redis Cluster', redisCluster],
  ['that Sentinels watch', redisSentinels],
] as const) {
  it(`messages are not lost while a replica takes over from a master ${name}`, { timeout: 120_000 }, async (t) => {
    const { config, master } = await start(t);
    const [a, b] = (await startNodes(t, { config })) as [SluiceProcess, SluiceProcess];
    const clients = await Promise.all([a, b].map((node) => connect(t, node, CHANNELS)));
    const published = [a, b].flatMap((node, i) =>
      CHANNELS.map((channel) => {
        const event = `e${i}-${channel}`;
        return { event, publisher: new Publisher(node, { event, channel, everyMs: 50 }) };
      }),
    );
    await sleep(500);
    await master?.kill();
    await until('both nodes to notice', async () => (await Promise.all([a, b].map(isDegraded))).every(Boolean));
    await until('both to meet', async () => !(await Promise.all([a, b].map(isDegraded))).some(Boolean), 20_000);
    await sleep(500);
    await Promise.all(published.map(({ publisher }) => publisher.stop()));
    for (const client of clients) {
      for (const { event, publisher } of published) {
        assert.deepEqual(publisher.failures, []);
        assert.deepEqual(await dataOfAll(client, event, publisher.sent), publisher.expected, event);
      }
    }
  });
}
