import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { freePort, RedisSentinels, RedisServer, TLS_FIXTURE, until } from '@sluice/testkit';
import type { RedisConnection } from '../src/redis/connection.ts';
import { RedisBackplane } from '../src/redis/redis-backplane.ts';

const TIMEOUT_MS = 1000;
const LOCAL: RedisConnection = {
  address: { host: '127.0.0.1', port: 0 },
  db: 0,
  username: null,
  password: null,
  tls: null,
  sentinel: null,
};

interface Listening {
  readonly backplane: RedisBackplane;
  readonly log: string[];
}

function open(t: TestContext, connection: Partial<RedisConnection>): RedisBackplane {
  const backplane = new RedisBackplane({
    connection: { ...LOCAL, ...connection },
    prefix: 'p:',
    timeoutMs: TIMEOUT_MS,
  });
  t.after(() => backplane.close());
  return backplane;
}

async function listen(t: TestContext, connection: Partial<RedisConnection>): Promise<Listening> {
  const backplane = open(t, connection);
  const log: string[] = [];
  await backplane.start({
    message: (topic, message) => log.push(`${topic}=${message.toString()}`),
    connected: () => log.push('connected'),
    disconnected: () => log.push('disconnected'),
  });
  await new Promise<void>((resolve) => backplane.join('1:x', resolve));
  return { backplane, log };
}

/** Publishes until it comes back. */
async function expectWorks({ backplane, log }: Listening, text: string): Promise<void> {
  await until(
    text,
    () => {
      backplane.publish('1:x', Buffer.from(text), () => {});
      return log.includes(`1:x=${text}`);
    },
    20_000,
  );
}

async function redis(t: TestContext, args: readonly string[]): Promise<RedisServer> {
  const server = await RedisServer.start({ args });
  t.after(() => server[Symbol.asyncDispose]());
  return server;
}

const NOBODY = { message: () => {}, connected: () => {}, disconnected: () => {} };

describe('A connection to Redis', () => {
  it('follows the Sentinels to the new master when the old one is gone', { timeout: 60_000 }, async (t) => {
    const sentinels = await RedisSentinels.start();
    t.after(() => sentinels[Symbol.asyncDispose]());
    const addresses = sentinels.ports.map((port) => ({ host: '127.0.0.1', port }));
    const sentinel = { addresses, name: RedisSentinels.MASTER, username: null, password: null };
    const listening = await listen(t, { sentinel });
    await expectWorks(listening, 'before');
    await sentinels.master.kill();
    await until('the loss', () => listening.log.includes('disconnected'));
    await until('the return', () => listening.log.at(-1) === 'connected', 30_000);
    await expectWorks(listening, 'after');
  });

  it('signs in as a user of the ACL, and says that it may not with a wrong password', async (t) => {
    const acl = ['--user', 'sluice', 'on', '>right', '~*', '&p:*', '+@all', '--user', 'default', 'off'];
    const server = await redis(t, acl);
    const address = { host: '127.0.0.1', port: server.port };
    await expectWorks(await listen(t, { address, username: 'sluice', password: 'right' }), 'as a user');
    const wrong = open(t, { address, username: 'sluice', password: 'wrong-secret' });
    await assert.rejects(wrong.start(NOBODY), (error: Error) => {
      assert.match(error.message, /WRONGPASS/);
      assert.ok(!error.message.includes('wrong-secret'));
      return true;
    });
  });

  it('speaks TLS, and trusts only whom it is told to', async (t) => {
    const { certFile, keyFile } = TLS_FIXTURE;
    const tlsPort = await freePort();
    const files = ['--tls-cert-file', certFile, '--tls-key-file', keyFile, '--tls-auth-clients', 'no'];
    await redis(t, ['--tls-port', String(tlsPort), ...files]);
    const address = { host: '127.0.0.1', port: tlsPort };
    const tls = { ca: readFileSync(certFile, 'utf8'), servername: null };
    await expectWorks(await listen(t, { address, tls }), 'behind TLS');
    await assert.rejects(open(t, { address, tls: { ca: null, servername: null } }).start(NOBODY), /self.signed/);
  });
});
