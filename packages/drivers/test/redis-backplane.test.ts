import { freePort, RedisServer } from '@sluice/testkit';
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
    pause: () => server.signal('SIGSTOP'),
    resume: () => server.signal('SIGCONT'),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

backplaneContract('Redis', startRedis);
