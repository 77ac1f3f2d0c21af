import { freePort, RedisSentinels, RedisServer } from '@sluice/testkit';
import { RedisBackplane } from '../src/redis/redis-backplane.ts';
import { backplaneContract, TIMEOUT_MS, type Transport } from './backplane-contract.ts';

const PLAIN = { db: 0, username: null, password: null, tls: null, sentinel: null };

async function startRedis(): Promise<Transport> {
  const server = await RedisServer.start();
  const nowhere = await freePort();
  const open = (port: number): RedisBackplane =>
    new RedisBackplane({
      connection: { ...PLAIN, address: { host: '127.0.0.1', port } },
      prefix: 'test:',
      timeoutMs: TIMEOUT_MS,
    });
  return {
    open: () => open(server.port),
    astray: () => open(nowhere),
    kill: () => server.kill(),
    restart: () => server.start(),
    pause: () => server.pause(),
    resume: () => server.resume(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

backplaneContract('Redis', startRedis);

async function startSentinels(): Promise<Transport> {
  const sentinels = await RedisSentinels.start();
  const nowhere = await freePort();
  const open = (ports: readonly number[]): RedisBackplane => {
    const addresses = ports.map((port) => ({ host: '127.0.0.1', port }));
    const sentinel = { addresses, name: RedisSentinels.MASTER, username: null, password: null };
    const address = { host: '127.0.0.1', port: 0 };
    return new RedisBackplane({ connection: { ...PLAIN, address, sentinel }, prefix: 'test:', timeoutMs: TIMEOUT_MS });
  };
  return {
    open: () => open(sentinels.ports),
    astray: () => open([nowhere]),
    kill: async () => void (await Promise.all(sentinels.servers.map((server) => server.kill()))),
    restart: async () => void (await Promise.all(sentinels.servers.map((server) => server.start()))),
    pause: async () => void (await Promise.all(sentinels.servers.map((server) => server.pause()))),
    resume: () => sentinels.servers.forEach((server) => server.resume()),
    [Symbol.asyncDispose]: () => sentinels[Symbol.asyncDispose](),
  };
}

backplaneContract('Redis with Sentinels', startSentinels);
