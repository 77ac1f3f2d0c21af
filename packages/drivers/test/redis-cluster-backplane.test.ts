import { freePort, RedisCluster } from '@sluice/testkit';
import { RedisClusterBackplane } from '../src/redis/redis-cluster-backplane.ts';
import { backplaneContract, TIMEOUT_MS, type Transport } from './backplane-contract.ts';

async function startCluster(): Promise<Transport> {
  const cluster = await RedisCluster.start();
  const nowhere = await freePort();
  const open = (ports: readonly number[]): RedisClusterBackplane =>
    new RedisClusterBackplane({
      connection: {
        nodes: ports.map((port) => ({ host: '127.0.0.1', port })),
        username: null,
        password: null,
        tls: null,
      },
      prefix: 'test:',
      timeoutMs: TIMEOUT_MS,
    });
  return {
    open: () => open(cluster.ports.slice(0, 1)),
    astray: () => open([nowhere]),
    kill: async () => void (await Promise.all(cluster.nodes.map((node) => node.kill()))),
    restart: async () => void (await Promise.all(cluster.nodes.map((node) => node.start()))),
    pause: () => cluster.nodes.forEach((node) => node.signal('SIGSTOP')),
    resume: () => cluster.nodes.forEach((node) => node.signal('SIGCONT')),
    isWhole: () => cluster.isWhole(),
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

backplaneContract('a Redis Cluster', startCluster);
