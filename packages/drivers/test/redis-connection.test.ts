import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionError } from '@sluice/core';
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

  it('finds the master again after the Sentinels were away for long', { timeout: 60_000 }, async (t) => {
    const sentinels = await RedisSentinels.start();
    t.after(() => sentinels[Symbol.asyncDispose]());
    const addresses = sentinels.ports.map((port) => ({ host: '127.0.0.1', port }));
    const sentinel = { addresses, name: RedisSentinels.MASTER, username: null, password: null };
    const tls = { ca: readFileSync(TLS_FIXTURE.certFile, 'utf8'), servername: null };
    // They do not speak TLS, and nothing may go to them, or to the master, without it.
    await assert.rejects(open(t, { sentinel, tls }).start(NOBODY), ConnectionError);
    const listening = await listen(t, { sentinel });
    await Promise.all(sentinels.servers.map((server) => server.kill()));
    await until('the loss', () => listening.log.includes('disconnected'));
    await sleep(3 * TIMEOUT_MS);
    await Promise.all(sentinels.servers.map((server) => server.start()));
    await until('the return', () => listening.log.at(-1) === 'connected', 20_000);
    await expectWorks(listening, 'after');
  });

  it('signs in as a user of the ACL with the least rights, and says that it may not with a wrong password', async (t) => {
    const rights = ['-@all', '+ping', '+info', '+publish', '+subscribe', '+unsubscribe', '&p:*'];
    const acl = ['--user', 'sluice', 'on', '>right', ...rights, '--user', 'default', 'off'];
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

  it('says at the start which right it lacks', async (t) => {
    const server = await redis(t, ['--user', 'default', 'on', 'nopass', '~*', '+@all', '&other:*', 'resetchannels']);
    const backplane = open(t, { address: { host: '127.0.0.1', port: server.port } });
    await assert.rejects(backplane.start(NOBODY), /127\.0\.0\.1:\d+: NOPERM .*channel/);
  });

  it('counts as lost while it lacks a right, and confirms nothing that was turned down', async (t) => {
    const server = await redis(t, []);
    const { backplane, log } = await listen(t, { address: { host: '127.0.0.1', port: server.port } });
    await server.command('ACL', 'SETUSER', 'default', '-publish');
    let confirmed = 0;
    backplane.publish('1:x', Buffer.from('refused'), () => confirmed++);
    await until('the loss', () => log.includes('disconnected'));
    await server.command('ACL', 'SETUSER', 'default', '+publish');
    await until('the return', () => log.at(-1) === 'connected');
    await expectWorks({ backplane, log }, 'allowed');
    assert.equal(confirmed, 0);
    await server.command('ACL', 'SETUSER', 'default', 'resetchannels');
    await until('the second loss', () => log.filter((each) => each === 'disconnected').length === 2);
    await server.command('ACL', 'SETUSER', 'default', 'allchannels');
    await until('the second return', () => log.at(-1) === 'connected');
    await expectWorks({ backplane, log }, 'allowed again');
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
