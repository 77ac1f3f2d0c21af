import assert from 'node:assert/strict';
import { it } from 'node:test';
import { freePort, RedisCluster, until } from '@sluice/testkit';
import type { RedisAccess } from '../src/redis/connection.ts';
import { RedisClusterBackplane } from '../src/redis/redis-cluster-backplane.ts';
import { backplaneContract, TIMEOUT_MS, type Transport } from './backplane-contract.ts';

const NO_ACCESS = { username: null, password: null, tls: null };

function open(ports: readonly number[], access: RedisAccess = NO_ACCESS): RedisClusterBackplane {
  const nodes = ports.map((port) => ({ host: '127.0.0.1', port }));
  return new RedisClusterBackplane({ connection: { nodes, ...access }, prefix: 'test:', timeoutMs: TIMEOUT_MS });
}

async function startCluster(): Promise<Transport> {
  const cluster = await RedisCluster.start();
  const nowhere = await freePort();
  return {
    open: () => open(cluster.ports.slice(0, 1)),
    astray: () => open([nowhere]),
    kill: async () => void (await Promise.all(cluster.nodes.map((node) => node.kill()))),
    restart: async () => void (await Promise.all(cluster.nodes.map((node) => node.start()))),
    pause: async () => void (await Promise.all(cluster.nodes.map((node) => node.pause()))),
    resume: () => cluster.nodes.forEach((node) => node.resume()),
    isWhole: () => cluster.isWhole(),
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

backplaneContract('a Redis Cluster', startCluster);

it('a Redis Cluster is used with the least rights, and says which one lacks', { timeout: 60_000 }, async (t) => {
  const rights = [
    '-@all',
    '+ping',
    '+info',
    '+cluster|slots',
    '+cluster|info',
    '+spublish',
    '+ssubscribe',
    '+sunsubscribe',
  ];
  const users = [
    ...['--user', 'sluice', 'on', '>right', ...rights, '&test:*'],
    ...['--user', 'other', 'on', '>right', ...rights, '&other:*'],
  ];
  const cluster = await RedisCluster.start({ args: users });
  t.after(() => cluster[Symbol.asyncDispose]());
  const as = (username: string, password: string): RedisClusterBackplane => {
    const backplane = open(cluster.ports, { username, password, tls: null });
    t.after(() => backplane.close());
    return backplane;
  };
  const received: string[] = [];
  const nobody = { message: () => {}, connected: () => {}, disconnected: () => {} };
  const backplane = as('sluice', 'right');
  await backplane.start({ ...nobody, message: (topic) => received.push(topic) });
  const topics = Array.from({ length: 20 }, (_, i) => `1:${i}`);
  await Promise.all(topics.map((topic) => new Promise<void>((resolve) => backplane.join(topic, resolve))));
  for (const topic of topics) backplane.publish(topic, Buffer.from('x'), () => {});
  await until('all', () => received.length === topics.length);
  await assert.rejects(as('other', 'right').start(nobody), /NOPERM .*channel/);
  await assert.rejects(as('sluice', 'wrong-secret').start(nobody), (error: Error) => {
    assert.match(error.message, /127\.0\.0\.1:\d+.*WRONGPASS/);
    return !error.message.includes('wrong-secret');
  });
});
