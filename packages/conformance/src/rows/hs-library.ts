import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Row } from '../row.ts';

/** A retry of pusher-js after a second may seem a little early, by the rounding of timers. */
const TIMER_SLACK_MS = 50;

/** Rows of the handshake group in which pusher-js reacts to a close code. */
export const HS_LIBRARY: readonly Row[] = [
  {
    id: 'HS-19',
    statement: 'An app that forces TLS closes plain connections with 4000, and pusher-js comes back with TLS at once.',
    needs: ['forced-tls'],
    async run(c) {
      const { plain, secure, app } = c.provision('forced-tls');
      await c.open({ endpoint: plain, app }).expectClose(4000);
      await (await c.connect({ endpoint: secure, app })).expectAlive();
      const options = { wssPort: secure.port, enabledTransports: ['ws' as const, 'wss' as const] };
      const client = c.pusher({ endpoint: plain, app, options });
      await client.connected();
    },
  },
  {
    id: 'HS-20',
    statement: 'pusher-js with a wrong key ends disconnected and does not try again within 5 s.',
    async run(c) {
      const proxy = await c.proxy();
      const client = c.pusher({ endpoint: proxy.endpoint, app: { ...c.target.app, key: 'nope' } });
      await client.until('being disconnected', () => client.pusher.connection.state === 'disconnected');
      await sleep(5000);
      assert.equal(proxy.connections.length, 1);
      assert.deepEqual(client.states, ['connecting', 'disconnected']);
    },
  },
  {
    id: 'HS-21',
    statement: 'pusher-js with an app over its quota ends disconnected and does not try again.',
    needs: ['limited-app'],
    async run(c) {
      const { app } = c.provision('limited-app');
      const first = await c.connectWhenFree({ app });
      const proxy = await c.proxy();
      const client = c.pusher({ endpoint: proxy.endpoint, app });
      await client.until('being disconnected', () => client.pusher.connection.state === 'disconnected');
      await sleep(3000);
      assert.equal(proxy.connections.length, 1);
      assert.deepEqual(client.states, ['connecting', 'disconnected']);
      await first.expectAlive();
    },
  },
  {
    id: 'HS-22',
    statement: 'At a shutdown every client gets 4200, and pusher-js is on another node within a second.',
    needs: ['restart'],
    timeoutMs: 40_000,
    async run(c) {
      const { endpoint, stop, start } = c.provision('restart');
      const sockets = await c.connectMany(10, [endpoint]);
      const proxy = await c.proxy(endpoint);
      const client = c.pusher({ endpoint: proxy.endpoint });
      await client.connected();
      proxy.switchTo(c.target.endpoint);
      const states = client.states.length;
      const stopped = stop();
      try {
        await Promise.all(sockets.map((socket) => socket.expectClose(4200)));
        await client.until(
          'another connection',
          () => client.states.at(-1) === 'connected' && client.states.length > states,
        );
      } finally {
        await stopped;
        await start();
      }
      assert.deepEqual(client.states.slice(states), ['connecting', 'connected']);
      const [left = 0, back = Infinity] = client.enteredAt.slice(states);
      assert.ok(back - left < 1000, `it took ${back - left} ms`);
    },
  },
  {
    id: 'HS-23',
    statement: 'A node over its capacity closes with 4100, and pusher-js tries again after a second or more.',
    needs: ['node-capacity'],
    async run(c) {
      const { endpoint, maxConnections } = c.provision('node-capacity');
      const holders = [];
      for (let i = 0; i < maxConnections; i++) holders.push(await c.connectWhenFree({ endpoint }));
      const refused = c.open({ endpoint });
      await refused.expectClose(4100);
      assert.deepEqual(refused.frames, []);
      const proxy = await c.proxy(endpoint);
      const client = c.pusher({ endpoint: proxy.endpoint });
      await client.until('a second attempt', () => proxy.connections.length >= 2);
      const [first, second] = proxy.connections;
      const gapMs = (second?.at ?? 0) - (first?.at ?? 0);
      assert.ok(gapMs >= 1000 - TIMER_SLACK_MS, `it came back after ${gapMs} ms`);
      await holders[0]?.close();
      await client.connected();
    },
  },
];
