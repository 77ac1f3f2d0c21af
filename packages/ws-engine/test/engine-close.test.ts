import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Connection } from '@sluice/core';
import { testApp } from '@sluice/core/testing';
import { CLOSE } from '@sluice/protocol';
import { WebSocket } from 'ws';
import { APP, APP_WITH_QUOTA, EngineServer, storeOf } from './engine-server.ts';
import { QUICK, until } from './until.ts';
import { CLOSE_FRAME, collect, framesIn, PING_FRAME, upgrade } from './wire.ts';

interface Opened {
  /** Does not answer a close, and keeps its side open when the server ends its own. */
  readonly client: Socket;
  readonly frames: () => string[];
  readonly connection: Connection;
  /** The server's end. */
  readonly socket: Socket;
}

/** A connection that is accepted; the first of its server. */
async function open(server: EngineServer, protocol = 7): Promise<Opened> {
  const client = await server.connect();
  const received = collect(client);
  client.write(upgrade({ protocol }));
  await until(() => received().includes('connection_established'));
  const [connection] = server.hub.space(APP).connections.values();
  const [socket] = server.sockets;
  assert.ok(connection !== undefined && socket !== undefined);
  return { client, frames: () => framesIn(received()).slice(1), connection, socket };
}

const error = (code: number, message: string): string =>
  JSON.stringify({ event: 'pusher:error', data: { code, message } });

describe('A client that has sent its close and keeps its side open', () => {
  async function closing(server: EngineServer): Promise<Opened & { readonly errors: unknown[] }> {
    const opened = await open(server);
    const errors: unknown[] = [];
    opened.socket.on('error', (error) => errors.push(error));
    const ended = once(opened.client, 'end');
    opened.client.write(CLOSE_FRAME);
    await ended;
    assert.deepEqual(opened.frames(), ['close 1000']);
    assert.deepEqual(server.metrics.closeCodes, [], 'the server does not count it as closed yet');
    return { ...opened, errors };
  }

  async function nothingIsWritten(server: EngineServer, errors: unknown[]): Promise<void> {
    await new Promise<void>((resolve) => server.outbox.afterFlush(resolve));
    await turn();
    assert.deepEqual(errors, []);
    assert.equal(server.metrics.counters.messagesSent, 1, 'only its greeting');
  }

  it('is not written any more', QUICK, async () => {
    await using server = await EngineServer.start(storeOf(APP));
    const { connection, errors } = await closing(server);
    connection.send('late');
    await nothingIsWritten(server, errors);
  });

  it('is not written at its close by the server either', QUICK, async () => {
    await using server = await EngineServer.start(storeOf(APP));
    const { connection, errors } = await closing(server);
    connection.send('late');
    connection.transport.close(CLOSE.reconnect);
    await nothingIsWritten(server, errors);
  });
});

describe('The error before a close', () => {
  for (const protocol of [5, 6]) {
    const due = protocol === 5;
    const expected = (code: number, message: string): string[] =>
      due ? [error(code, message), `close ${code}`] : [`close ${code}`];
    const has = `${due ? 'is sent' : 'is not sent'} to a client of protocol ${protocol}`;

    it(`${has} that core closes`, QUICK, async () => {
      await using server = await EngineServer.start(storeOf(APP));
      const { connection, frames } = await open(server, protocol);
      connection.transport.close(CLOSE.userTerminated);
      await until(() => frames().length === expected(0, '').length);
      assert.deepEqual(frames(), expected(4009, CLOSE.userTerminated.reason));
    });

    it(`${has} at a drain`, QUICK, async () => {
      await using server = await EngineServer.start(storeOf(APP));
      const { frames } = await open(server, protocol);
      void server.engine.drain(0);
      await until(() => frames().length === expected(0, '').length);
      assert.deepEqual(frames(), expected(4200, CLOSE.reconnect.reason));
    });

    it(`${has} whose admission has no answer`, QUICK, async () => {
      await using server = await EngineServer.start(storeOf(APP_WITH_QUOTA));
      const client = await server.connect();
      const received = collect(client);
      client.write(upgrade({ protocol }));
      await until(() => server.registry.asked.length === 1);
      server.registry.asked[0]?.reject(new Error('the registry has gone'));
      await until(() => framesIn(received()).length === expected(0, '').length);
      assert.deepEqual(framesIn(received()), expected(4100, CLOSE.overCapacity.reason));
    });

    it(`is sent once to a client of protocol ${protocol} that is not authorised in time`, QUICK, async () => {
      const app = testApp({ ...APP, authorisedOnly: true });
      await using server = await EngineServer.start(storeOf(app), { authorisationTimeoutMs: 50 });
      const { frames } = await open(server, protocol);
      await until(() => frames().includes('close 4009'));
      assert.deepEqual(frames(), [error(4009, CLOSE.notAuthorised.reason), 'close 4009']);
    });
  }
});

describe('A client that is there no more', () => {
  it('is not looked at by the timer of the clients', QUICK, async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const ping = t.mock.method(WebSocket.prototype, 'ping');
    await using server = await EngineServer.start(storeOf(APP), {
      liveness: { activityTimeoutMs: 500, pongTimeoutMs: 500 },
    });
    const { connection } = await open(server);
    const leaving = await server.webSocket();
    await server.webSocket();
    await until(() => server.metrics.counters.connected === 3);
    connection.transport.close(CLOSE.userTerminated);
    leaving.terminate();
    await until(() => server.metrics.counters.connected === 1);
    t.mock.timers.tick(250);
    t.mock.timers.tick(250);
    assert.equal(ping.mock.callCount(), 1, 'only who is still there is pinged');
  });
});

describe('What ws is told', () => {
  it('cuts off a client that does not answer its close within 5 s', QUICK, async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    await using server = await EngineServer.start(storeOf(APP));
    const { connection, frames, socket } = await open(server);
    connection.transport.close(CLOSE.userTerminated);
    await until(() => frames().includes('close 4009'));
    t.mock.timers.tick(4999);
    assert.equal(socket.destroyed, false);
    t.mock.timers.tick(1);
    assert.equal(socket.destroyed, true);
  });

  it('cuts off a client that pings and leaves more than 60 pongs unread', QUICK, async () => {
    await using server = await EngineServer.start(storeOf(APP));
    const { client, socket } = await open(server);
    // From here on the kernel takes nothing.
    socket.cork();
    client.write(Buffer.concat(Array.from({ length: 60 }, () => PING_FRAME)));
    await server.roundTrip();
    assert.equal(socket.destroyed, false);
    client.write(PING_FRAME);
    await until(() => socket.destroyed);
  });

  it('selects none of the subprotocols that a client offers', QUICK, async () => {
    await using server = await EngineServer.start(storeOf(APP));
    const client = await server.connect();
    const received = collect(client);
    client.write(upgrade({ headers: 'Sec-WebSocket-Protocol: a, b\r\n' }));
    await until(() => received().includes('connection_established'));
    assert.match(received(), /^HTTP\/1\.1 101 /);
    assert.doesNotMatch(received(), /Sec-WebSocket-Protocol/i);
  });
});
