import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { testApp } from '@sluice/core/testing';
import { APP, EngineServer, storeOf } from './engine-server.ts';
import { readUpgradeHead } from '../src/upgrade-request.ts';
import { QUICK, until } from './until.ts';
import { collect, framesIn, subscribeFrame, upgrade } from './wire.ts';

type Changes = Parameters<typeof EngineServer.start>[1];

/** What a client with these headers gets. */
async function ask(server: EngineServer, headers: string, protocol = 7): Promise<() => string> {
  const client = await server.connect();
  const received = collect(client);
  client.write(upgrade({ headers, protocol }));
  await until(() => /connection_established|\x88|HTTP\/1\.1 [45]/.test(received()));
  return received;
}

const LIMIT = { name: 'ws', max: 5, windowMs: 60_000, trustHops: 0 };

describe('An app that names the pages that may connect', () => {
  const app = testApp({ ...APP, allowedOrigins: ['https://*.example.com'] });

  it('lets them in', QUICK, async () => {
    await using server = await EngineServer.start(storeOf(app));
    assert.match((await ask(server, 'Origin: https://app.example.com\r\n'))(), /connection_established/);
  });

  for (const origin of ['Origin: https://example.org\r\n', 'Origin: null\r\n', '']) {
    it(`closes others with 4009: ${origin.trim() || 'no origin'}`, QUICK, async () => {
      await using server = await EngineServer.start(storeOf(app));
      const received = await ask(server, origin);
      await until(() => framesIn(received()).length === 1);
      assert.deepEqual(framesIn(received()), ['close 4009']);
      assert.match(received(), /Origin not allowed/);
      assert.deepEqual(server.metrics.refusals, ['origin_not_allowed']);
    });
  }

  it('tells old clients in an error first', QUICK, async () => {
    await using server = await EngineServer.start(storeOf(app));
    const received = await ask(server, '', 5);
    await until(() => framesIn(received()).length === 2);
    assert.deepEqual(framesIn(received()), [
      '{"event":"pusher:error","data":{"code":4009,"message":"Origin not allowed"}}',
      'close 4009',
    ]);
  });
});

describe('An app that wants TLS', () => {
  const app = testApp({ ...APP, forceTls: true });

  async function outcome(changes: Changes, headers: string): Promise<string> {
    await using server = await EngineServer.start(storeOf(app), changes);
    const received = await ask(server, headers);
    return received().includes('connection_established') ? 'open' : (framesIn(received())[0] ?? '');
  }

  it('takes the word of a trusted proxy for it, and of nobody else', QUICK, async () => {
    const secure = 'X-Forwarded-Proto: https\r\n';
    assert.equal(await outcome({}, secure), 'close 4000');
    assert.equal(await outcome({ trustHops: 1 }, secure), 'open');
    assert.equal(await outcome({ trustHops: 1 }, 'X-Forwarded-Proto: http\r\n'), 'close 4000');
    assert.equal(await outcome({ trustHops: 1 }, ''), 'close 4000');
    assert.equal(await outcome({ trustHops: 1 }, 'X-Forwarded-Proto: https, http\r\n'), 'close 4000');
  });
});

describe('The limit of upgrades from one address', () => {
  it('is asked for each, and what the client sends meanwhile is kept', QUICK, async () => {
    await using server = await EngineServer.start(storeOf(APP), { addressLimit: LIMIT });
    const answer = Promise.withResolvers<{ taken: boolean; remaining: number; resetMs: number }>();
    server.registry.rateAnswer = answer.promise;
    const client = await server.connect();
    const received = collect(client);
    client.write(Buffer.concat([Buffer.from(upgrade()), subscribeFrame('first')]));
    await until(() => server.registry.rates.length === 1);
    client.write(subscribeFrame('second'));
    await server.roundTrip();
    assert.equal(received(), '');
    answer.resolve({ taken: true, remaining: 4, resetMs: 59_900 });
    await until(() => framesIn(received()).length === 3);
    assert.match(framesIn(received()).join('\n'), /first[^]*second/);
    assert.deepEqual(server.registry.rates, [{ name: 'address:ws:127.0.0.1', points: 1, max: 5, windowMs: 60_000 }]);
    assert.deepEqual(server.metrics.addressChecks, ['websocket_upgrade taken']);
  });

  it('keeps what comes meanwhile over a connection that flows already', QUICK, async (t) => {
    await using server = await EngineServer.start(storeOf(APP), { addressLimit: LIMIT });
    const answer = Promise.withResolvers<{ taken: boolean; remaining: number; resetMs: number }>();
    server.registry.rateAnswer = answer.promise;
    const front = createServer((socket) => {
      server.sockets.push(socket);
      socket.once('data', (chunk: Buffer) => {
        const head = readUpgradeHead(chunk);
        assert.ok(head !== undefined);
        server.engine.handleUpgrade({ method: 'GET', socket, ...head }, socket, head.rest);
        client.write(subscribeFrame('second'));
      });
    });
    t.after(() => front.close());
    front.listen(0, '127.0.0.1');
    await once(front, 'listening');
    const client = connect((front.address() as AddressInfo).port, '127.0.0.1');
    const received = collect(client);
    client.write(Buffer.concat([Buffer.from(upgrade()), subscribeFrame('first')]));
    await until(() => client.bytesWritten > upgrade().length + 2 * subscribeFrame('first').length);
    await server.roundTrip();
    answer.resolve({ taken: true, remaining: 4, resetMs: 59_900 });
    await until(() => framesIn(received()).length === 3);
    assert.match(framesIn(received()).join('\n'), /first[^]*second/);
  });

  it('refuses with 429 and the time after which there is room, and cuts the connection', QUICK, async () => {
    await using server = await EngineServer.start(storeOf(APP), { addressLimit: LIMIT });
    server.registry.rateAnswer = Promise.resolve({ taken: false, remaining: 0, resetMs: 41_100 });
    const client = await server.connect();
    const received = collect(client);
    const ended = once(client, 'end');
    client.write(upgrade());
    await ended;
    assert.match(received(), /^HTTP\/1\.1 429 Too Many Requests\r\n/);
    for (const line of [
      'x-ratelimit-limit: 5',
      'x-ratelimit-remaining: 0',
      'x-ratelimit-reset: 42',
      'retry-after: 42',
    ]) {
      assert.ok(received().includes(`${line}\r\n`), line);
    }
    assert.deepEqual(server.metrics.addressChecks, ['websocket_upgrade refused']);
  });

  it('is of the address that a trusted proxy names', QUICK, async () => {
    await using server = await EngineServer.start(storeOf(APP), { addressLimit: { ...LIMIT, trustHops: 1 } });
    await ask(server, 'X-Forwarded-For: 203.0.113.9, 198.51.100.2\r\n');
    assert.equal(server.registry.rates[0]?.name, 'address:ws:198.51.100.2');
  });

  it('fails closed: without an answer nobody is let in', QUICK, async () => {
    await using server = await EngineServer.start(storeOf(APP), { addressLimit: LIMIT });
    const failure = new Error('the primary has gone');
    server.registry.take = () => Promise.reject(failure);
    assert.match((await ask(server, ''))(), /^HTTP\/1\.1 503 /);
    assert.deepEqual(server.errors, [failure]);
  });

  it('harms nobody when the client leaves while it is asked, or the server drains', QUICK, async () => {
    await using server = await EngineServer.start(storeOf(APP), { addressLimit: LIMIT });
    const answer = Promise.withResolvers<{ taken: boolean; remaining: number; resetMs: number }>();
    server.registry.rateAnswer = answer.promise;
    const [gone, stays] = [await server.connect(), await server.connect()];
    const received = collect(stays);
    for (const client of [gone, stays]) client.write(upgrade());
    await until(() => server.registry.rates.length === 2);
    gone.destroy();
    await server.engine.drain(0);
    answer.resolve({ taken: true, remaining: 4, resetMs: 59_900 });
    await until(() => received().startsWith('HTTP/1.1 503'));
    assert.deepEqual(server.errors, []);
    assert.equal(server.metrics.counters.connected, 0);
  });
});
