import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PusherSocket } from '../clients/pusher-socket.ts';
import type { RowContext } from '../context.ts';
import type { Row } from '../row.ts';

/** Timers of a server may be this much too late. */
const LATE_MS = 1500;
const EARLY_MS = 100;

/** Any answer to a ping that Pusher's libraries take. */
async function expectPong(socket: PusherSocket): Promise<void> {
  const sentAt = performance.now();
  const pong = await socket.expectEvent('pusher:pong');
  assert.ok(performance.now() - sentAt < 1000, 'it comes within a second');
  assert.ok(!('channel' in pong), 'it has no channel');
}

async function waitForPings(socket: PusherSocket, count: number): Promise<void> {
  const already = socket.pings.length;
  for (let seen = already; seen < already + count; seen++) {
    await socket.until('a ping frame of the server', () => (socket.pings.length > seen ? true : undefined));
  }
}

async function shortTimeouts(context: RowContext, ws: { readonly autoPong: boolean }): Promise<PusherSocket> {
  return context.connect({ endpoint: context.provision('short-timeouts').endpoint, ws });
}

export const PG: readonly Row[] = [
  {
    id: 'PG-01',
    statement: 'pusher:ping with data is answered with pusher:pong within a second.',
    async run(c) {
      const socket = await c.connect();
      socket.send({ event: 'pusher:ping', data: {} });
      await expectPong(socket);
    },
  },
  {
    id: 'PG-02',
    statement: 'pusher:ping without data is answered too.',
    async run(c) {
      const socket = await c.connect();
      socket.sendText('{"event":"pusher:ping"}');
      await expectPong(socket);
    },
  },
  {
    id: 'PG-03',
    statement: 'The data of a pong is there and empty.',
    async run(c) {
      const socket = await c.connect();
      socket.send({ event: 'pusher:ping', data: {} });
      const { data } = await socket.expectEvent('pusher:pong');
      assert.ok(data === '{}' || JSON.stringify(data) === '{}', `it is ${JSON.stringify(data)}`);
    },
  },
  {
    id: 'PG-04',
    statement: 'A WebSocket ping is answered with a pong of the same payload.',
    async run(c) {
      const socket = await c.connect();
      socket.ws.ping('x');
      await socket.until('the pong', () => (socket.pongs.length > 0 ? true : undefined));
      assert.deepEqual(socket.pongs, ['x']);
      await socket.expectAlive();
    },
  },
  {
    id: 'PG-05',
    statement: 'A silent client gets a WebSocket ping, and stays as long as it answers.',
    needs: ['short-timeouts'],
    async run(c) {
      const socket = await shortTimeouts(c, { autoPong: true });
      await waitForPings(socket, 3);
      await sleep(c.provision('short-timeouts').pongSeconds * 1000 + 300);
      await socket.expectAlive();
    },
  },
  {
    id: 'PG-06',
    statement: 'A client that does not answer the ping is closed with 4201.',
    needs: ['short-timeouts'],
    async run(c) {
      const { activitySeconds, pongSeconds } = c.provision('short-timeouts');
      // The server counts from a moment between the two, and what it sends may come late.
      const beforeAt = performance.now();
      const socket = await shortTimeouts(c, { autoPong: false });
      const openedAt = performance.now();
      await waitForPings(socket, 1);
      const pingedAt = performance.now();
      await socket.expectClose(4201);
      const closedAt = performance.now();
      const isTooEarly = (ms: number, seconds: number): boolean => ms < seconds * 1000 - 250 - EARLY_MS;
      assert.ok(!isTooEarly(pingedAt - beforeAt, activitySeconds), `pinged after ${pingedAt - beforeAt} ms`);
      assert.ok(
        !isTooEarly(closedAt - beforeAt, activitySeconds + pongSeconds),
        `closed after ${closedAt - beforeAt} ms`,
      );
      assert.ok(pingedAt - openedAt < activitySeconds * 1000 + LATE_MS, `pinged after ${pingedAt - openedAt} ms`);
      assert.ok(closedAt - pingedAt < pongSeconds * 1000 + LATE_MS, `closed ${closedAt - pingedAt} ms after the ping`);
    },
  },
  {
    id: 'PG-07',
    statement: 'Any frame of the client defers the ping of the server.',
    needs: ['short-timeouts'],
    async run(c) {
      const { activitySeconds } = c.provision('short-timeouts');
      const socket = await shortTimeouts(c, { autoPong: true });
      const frames = ['{"event":"pusher:ping"}', 'not json', '{"event":"pusher:pong"}', '{"event":"foo"}'];
      const intervalMs = activitySeconds * 250;
      for (let i = 0; i < 12; i++) {
        const frame = frames[i % frames.length];
        if (frame !== undefined) socket.sendText(frame);
        await sleep(intervalMs);
      }
      assert.deepEqual(socket.pings, [], 'no ping while the client is active');
      await waitForPings(socket, 1);
    },
  },
  {
    id: 'PG-08',
    statement: 'A client that only answers WebSocket pings is not closed.',
    needs: ['short-timeouts'],
    async run(c) {
      const { endpoint, activitySeconds, pongSeconds } = c.provision('short-timeouts');
      const socket = await shortTimeouts(c, { autoPong: true });
      const channel = c.channel();
      await socket.subscribe(channel);
      await sleep(2 * (activitySeconds + pongSeconds) * 1000 + 500);
      assert.equal(socket.closed, null);
      await c.http({ endpoint }).publish({ channel, name: 'e', data: 'd' });
      await socket.expectFrame({ event: 'e', channel, data: 'd' });
    },
  },
  {
    id: 'PG-09',
    statement: 'A pusher:pong of the client is taken without an error.',
    async run(c) {
      const socket = await c.connect();
      for (const data of [{}, '{}', undefined]) socket.send({ event: 'pusher:pong', data });
      await socket.expectQuiet();
      const client = c.pusher();
      await client.connected();
      client.pusher.send_event('pusher:pong', {});
      await client.subscribe(c.channel());
      assert.deepEqual(client.errors, []);
    },
  },
  {
    id: 'PG-10',
    statement: 'pusher-js with an activityTimeout of a second is idle for 10 s on one connection.',
    timeoutMs: 30_000,
    async run(c) {
      const proxy = await c.proxy();
      const client = c.pusher({ endpoint: proxy.endpoint, options: { activityTimeout: 1000 } });
      await client.connected();
      await sleep(10_000);
      assert.equal(proxy.connections.length, 1);
      assert.deepEqual(client.states, ['connecting', 'connected']);
      assert.ok(proxy.messages().filter((text) => text.includes('pusher:ping')).length >= 5, 'it has pinged');
    },
  },
  {
    id: 'PG-11',
    statement: '100 pings at once get 100 pongs and no error.',
    async run(c) {
      const socket = await c.connect();
      for (let i = 0; i < 100; i++) socket.sendText('{"event":"pusher:ping","data":{}}');
      for (let i = 0; i < 100; i++) await socket.expectEvent('pusher:pong');
      await socket.expectQuiet();
    },
  },
  {
    id: 'PG-12',
    statement: 'A client of protocol 5 gets its pong.',
    async run(c) {
      const socket = await c.connect({ query: 'client=java-client&protocol=5&version=2.0.1' });
      socket.sendText('{"event":"pusher:ping"}');
      await expectPong(socket);
    },
  },
];
