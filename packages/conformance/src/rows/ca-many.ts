import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PusherSocket } from '../clients/pusher-socket.ts';
import type { Row } from '../row.ts';
import { expectKept } from './cache.ts';
import { added, expectNothingElse, occupied } from './webhooks.ts';

const ROUNDS = 5;
const EVENTS = 30;
const SUBSCRIBERS = 12;
/** For all publishes of a round. */
const TURN_MS = 30_000;

/** Versions that a subscriber was sent, kept or live. */
function versionsOf(socket: PusherSocket): number[] {
  return socket.frames.filter(({ event }) => event === 'version').map(({ data }) => Number(data));
}

/** Rows of cache channels with several processes, at the same time or with webhooks. */
export const CA_MANY: readonly Row[] = [
  {
    id: 'CA-09',
    statement: 'What was published at one process is kept for subscribers of all.',
    needs: ['several-processes'],
    async run(c) {
      const sockets = await c.spread(8);
      for (let round = 0; round < 3; round++) {
        const event = { name: 'e', channel: c.channel('cache-'), data: `${round}` };
        await c.http().publish({ ...event, data: 'an older one' });
        await c.http().publish(event);
        for (const socket of sockets) {
          await socket.subscribe(event.channel);
          await expectKept(socket, event);
        }
      }
      await Promise.all(sockets.map((socket) => socket.expectQuiet()));
    },
  },
  {
    id: 'CA-10',
    statement:
      'Webhooks are told of who finds a cache empty, on each kind of cache channel, and not of who finds an event.',
    needs: ['webhooks'],
    async run(c) {
      const inbox = c.webhooks();
      const socket = await c.connect();
      for (const prefix of ['cache-', 'private-cache-', 'private-encrypted-cache-']) {
        const [empty, filled] = [c.channel(prefix), c.channel(prefix)];
        await c.http().publish({ name: 'e', channel: filled, data: 'd' });
        await socket.subscribe(empty);
        await inbox.expectAll([occupied(empty), { name: 'cache_miss', channel: empty }]);
        await socket.subscribe(filled);
        await expectKept(socket, { name: 'e', channel: filled, data: 'd' });
        await inbox.expect(occupied(filled));
      }
      const presence = c.channel('presence-cache-');
      await socket.join(presence, { user_id: 'u' });
      await inbox.expectAll([occupied(presence), added(presence, 'u'), { name: 'cache_miss', channel: presence }]);
      await expectNothingElse(c, inbox);
    },
  },
  {
    id: 'CA-17',
    statement: 'Who subscribes while events are published ends with the newest, and gets no older one after a newer.',
    timeoutMs: 60_000,
    heavy: true,
    async run(c) {
      // One process has all events, and so knows their order.
      const http = c.http({ agent: c.oneConnection() });
      for (let round = 0; round < ROUNDS; round++) {
        const channel = c.channel('cache-');
        const sockets = await c.connectMany(SUBSCRIBERS);
        let published = 0;
        const publishing = (async () => {
          for (; published < EVENTS; published++)
            await http.publish({ channel, name: 'version', data: `${published}` });
        })();
        const subscribing = sockets.map(async (socket, i) => {
          await c.eventually('its turn', async () => (published >= i * 2 ? true : undefined), TURN_MS);
          await sleep(i % 3);
          await socket.subscribe(channel);
        });
        await Promise.all([publishing, ...subscribing]);
        for (const socket of sockets) {
          await socket.until('the newest event', () => (versionsOf(socket).includes(EVENTS - 1) ? true : undefined));
        }
        await sleep(100);
        for (const socket of sockets) {
          const versions = versionsOf(socket);
          assert.deepEqual(
            versions,
            versions.toSorted((a, b) => a - b),
            `${socket.name} got an older event after a newer one`,
          );
          await socket.close();
        }
      }
    },
  },
];
