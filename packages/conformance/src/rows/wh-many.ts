import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PusherSocket } from '../clients/pusher-socket.ts';
import { bodyOf, type Told } from '../clients/webhook-inbox.ts';
import type { Row } from '../row.ts';
import { SkipRow } from '../skip-row.ts';
import { COUNT } from './counting.ts';
import { connectKillable, killOne } from './killing.ts';
import { added, expectNothingElse, occupied, removed, vacated } from './webhooks.ts';

/** From more subscribers than this on, counts are held back. */
const MANY = 100;
const HELD_BACK_MS = 5000;
/** Of timers, and of the way to the receiver. */
const SLACK_MS = 1000;

function counted(channel: string, count: number): Told {
  return { name: 'subscription_count', channel, subscription_count: count };
}

/** Between leaving and coming back: in one moment it would be no change. */
const CHANGE_MS = 100;

/** Leaves and comes back again and again, for so long. */
async function keepChanging(socket: PusherSocket, channel: string, forMs: number): Promise<void> {
  const endsAt = performance.now() + forMs;
  for (; performance.now() < endsAt; await sleep(200)) {
    socket.sendUnsubscribe(channel);
    await sleep(CHANGE_MS);
    await socket.subscribe(channel);
  }
}

/** Rows of webhooks with many connections or several processes. */
export const WH_MANY: readonly Row[] = [
  {
    id: 'WH-12',
    statement:
      'A number of subscribers is told as subscription_count, an integer, when it changes; above 100 every 5 s at most; of presence channels never.',
    needs: ['webhooks'],
    timeoutMs: 60_000,
    async run(c) {
      const { app, provides } = c.target;
      const main = { app, path: c.provision('webhooks').path };
      const { path, ...options } = provides['counting-webhooks'] ?? main;
      const inbox = c.webhooks(path);
      const [first, second] = [await c.connect(options), await c.connect({ ...options, inOrder: [COUNT] })];
      const [presence, channel, crowded] = [c.channel('presence-'), c.channel(), c.channel()];
      await second.subscribe(channel);
      if (provides['counting-webhooks'] === undefined) {
        await second.next('a count').catch(() => {
          throw new SkipRow('the app does not count subscribers');
        });
      }
      await inbox.expectAll([occupied(channel), counted(channel, 1)]);
      await first.subscribe(channel);
      await inbox.expect(counted(channel, 2));
      await second.close();
      await inbox.expect(counted(channel, 1));
      await first.join(presence, { user_id: 'u' });
      await inbox.expectAll([occupied(presence), added(presence, 'u')]);
      const crowd = await c.connectMany(MANY + 5, [c.target.endpoint], options);
      for (const socket of crowd) await socket.subscribe(crowded);
      const [restless = first] = crowd;
      await keepChanging(restless, crowded, 2.2 * HELD_BACK_MS);
      // By the server's clock: a call may be late, and the next one not.
      const counts = inbox.calls.flatMap((call) =>
        call.events
          .filter((event) => event['channel'] === crowded && Number(event['subscription_count']) > MANY)
          .map(() => Number(bodyOf(call)['time_ms'])),
      );
      assert.ok(counts.length >= 2, `${counts.length} counts above ${MANY} were told`);
      for (const [i, at] of counts.slice(1).entries()) {
        const gapMs = at - (counts[i] ?? 0);
        assert.ok(gapMs > HELD_BACK_MS - SLACK_MS, `two counts were told within ${Math.round(gapMs)} ms`);
      }
      const ofPresence = inbox.calls.flatMap(({ events }) => events.filter((event) => event['channel'] === presence));
      assert.deepEqual(new Set(ofPresence.map(({ name }) => name)), new Set(['channel_occupied', 'member_added']));
    },
  },
  {
    id: 'WH-18',
    statement: 'What happens on several processes or nodes is told once.',
    needs: ['webhooks', 'several-processes'],
    timeoutMs: 40_000,
    async run(c) {
      const inbox = c.webhooks();
      const sockets = await c.spread(9);
      const [channel, presence] = [c.channel('private-cache-'), c.channel('presence-')];
      for (const [i, socket] of sockets.entries()) {
        await socket.subscribe(channel);
        await socket.join(presence, { user_id: `u${i % 3}` });
      }
      const users = ['u0', 'u1', 'u2'];
      await inbox.expectAll([
        occupied(channel),
        { name: 'cache_miss', channel },
        occupied(presence),
        ...users.map((user) => added(presence, user)),
      ]);
      const [sender] = sockets;
      sender?.sendClientEvent(channel, 'd');
      const event = { event: 'client-x', data: 'd', socket_id: sender?.id ?? '' };
      await inbox.expect({ name: 'client_event', channel, ...event });
      await expectNothingElse(c, inbox);
      await Promise.all(sockets.map((socket) => socket.close()));
      await inbox.expectAll([vacated(channel), vacated(presence), ...users.map((user) => removed(presence, user))]);
      await expectNothingElse(c, inbox);
    },
  },
  {
    id: 'WH-24',
    statement: 'Of a process that is killed the channels are told as vacated and the members as removed, once each.',
    needs: ['webhooks', 'kill-process', 'kill-process-webhooks'],
    timeoutMs: 40_000,
    async run(c) {
      const inbox = c.webhooks(c.provision('kill-process-webhooks').path);
      const killable = await connectKillable(c);
      const { sockets, server } = killable;
      const [shared, presence] = [c.channel('presence-'), c.channel('presence-')];
      const own = sockets.map(() => c.channel());
      for (const [i, socket] of sockets.entries()) {
        await socket.subscribe(own[i] ?? '');
        await socket.join(presence, { user_id: `u${i}` });
        await socket.join(shared, { user_id: 'everywhere' });
      }
      await inbox.expectAll([
        ...[shared, presence, ...own].map(occupied),
        added(shared, 'everywhere'),
        ...sockets.map((_, i) => added(presence, `u${i}`)),
      ]);
      const left = await killOne(killable, 100);
      const gone = sockets.flatMap((socket, i) => (left.includes(socket) ? [] : [i]));
      await inbox.expectAll(gone.flatMap((i) => [vacated(own[i] ?? ''), removed(presence, `u${i}`)]));
      await server.whole();
      const [endpoint = c.target.endpoint] = server.endpoints;
      await expectNothingElse(c, inbox, { forMs: 1000, endpoint });
    },
  },
];
