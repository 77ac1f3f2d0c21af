import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataOf } from '../clients/frames.ts';
import type { PusherSocket } from '../clients/pusher-socket.ts';
import type { Row } from '../row.ts';
import { connectCounting, COUNT, expectCount } from './counting.ts';

/** From more subscribers than this on, counts are held back. */
const MANY = 100;
const HELD_BACK_MS = 5000;
const TIMER_SLACK_MS = 500;
/** How late one count may come, and the next not. */
const LATE_MS = 1500;

/** Takes every count that comes in a while, with the time it came. */
async function countsWithin(socket: PusherSocket, ms: number): Promise<{ readonly at: number; count: unknown }[]> {
  const counts = [];
  const endsAt = performance.now() + ms;
  while (performance.now() < endsAt) {
    const frame = socket.frames.shift();
    if (frame === undefined) await sleep(10);
    else {
      assert.equal(frame['event'], COUNT);
      counts.push({ at: performance.now(), count: dataOf(frame)['subscription_count'] });
    }
  }
  return counts;
}

export const SC: readonly Row[] = [
  {
    id: 'SC-01',
    statement: 'The first subscriber gets its success and then a subscription_count of 1.',
    needs: ['subscription-count-events'],
    async run(c) {
      const socket = await connectCounting(c);
      const channel = c.channel();
      await socket.subscribe(channel);
      await expectCount(socket, channel, 1);
      await socket.expectQuiet();
    },
  },
  {
    id: 'SC-02',
    statement: 'At a second subscription both subscribers get a subscription_count of 2.',
    needs: ['subscription-count-events'],
    async run(c) {
      const [first, second] = [await connectCounting(c), await connectCounting(c)];
      const channel = c.channel();
      await first.subscribe(channel);
      await expectCount(first, channel, 1);
      await second.subscribe(channel);
      for (const socket of [first, second]) await expectCount(socket, channel, 2);
      await Promise.all([first, second].map((socket) => socket.expectQuiet()));
    },
  },
  {
    id: 'SC-03',
    statement: 'At an unsubscribe or a close those who are left get the count, and the one who left does not.',
    needs: ['subscription-count-events'],
    async run(c) {
      const sockets = [await connectCounting(c), await connectCounting(c), await connectCounting(c)] as const;
      const [first, second, third] = sockets;
      const channel = c.channel();
      for (const [i, socket] of sockets.entries()) {
        await socket.subscribe(channel);
        for (const present of sockets.slice(0, i + 1)) await expectCount(present, channel, i + 1);
      }
      third.sendUnsubscribe(channel);
      for (const socket of [first, second]) await expectCount(socket, channel, 2);
      await third.expectQuiet();
      await second.close();
      await expectCount(first, channel, 1);
      await Promise.all([first, third].map((socket) => socket.expectQuiet()));
    },
  },
  {
    id: 'SC-04',
    statement: 'An app without subscription counts sends none.',
    needs: ['subscription-count-off'],
    async run(c) {
      const options = c.provision('subscription-count-off');
      const [first, second] = [await c.connect(options), await c.connect(options)];
      const channel = c.channel();
      for (const socket of [first, second]) await socket.subscribe(channel);
      second.sendUnsubscribe(channel);
      for (const socket of [first, second]) {
        await socket.expectQuiet();
        assert.deepEqual(socket.asides, []);
      }
    },
  },
  {
    id: 'SC-05',
    statement: 'Connections are counted, not users, and those of all processes.',
    needs: ['subscription-count-events', 'several-processes'],
    async run(c) {
      const { app } = c.provision('subscription-count-events');
      const sockets = await c.spread(6, { app, inOrder: [COUNT] });
      const channel = c.channel('private-');
      const user = c.channel('user-');
      for (const [i, socket] of sockets.entries()) {
        await socket.signIn({ id: user });
        await socket.subscribe(channel);
        for (const present of sockets.slice(0, i + 1)) await expectCount(present, channel, i + 1);
        await c.settled();
      }
      const leaver = sockets.pop();
      await leaver?.close();
      for (const socket of sockets) await expectCount(socket, channel, 5);
      await Promise.all(sockets.map((socket) => socket.expectQuiet()));
    },
  },
  {
    id: 'SC-06',
    statement: 'With more than 100 subscribers a count comes every 5 s at most, and none while nobody comes or goes.',
    needs: ['subscription-count-events'],
    timeoutMs: 60_000,
    async run(c) {
      const { app } = c.provision('subscription-count-events');
      const channel = c.channel();
      const observer = await connectCounting(c);
      await observer.subscribe(channel);
      const crowd = await c.connectMany(MANY + 10, [c.target.endpoint], { app });
      for (const socket of crowd) await socket.subscribe(channel);
      await sleep(HELD_BACK_MS + TIMER_SLACK_MS);
      observer.frames.length = 0;
      let active = true;
      const comings = (async () => {
        const [socket] = crowd;
        for (; active && socket !== undefined; await sleep(200)) {
          socket.sendUnsubscribe(channel);
          // Who comes back in the same moment has not been away, where servers count together.
          await sleep(200);
          await socket.subscribe(channel);
        }
      })();
      const counts = await countsWithin(observer, 2.5 * HELD_BACK_MS);
      active = false;
      await comings;
      assert.ok(counts.length >= 2, `${counts.length} counts came while there was activity`);
      for (const [i, { at, count }] of counts.entries()) {
        assert.ok(Number(count) >= MANY + 10 && Number(count) <= MANY + 11, `the count is ${String(count)}`);
        const gapMs = at - (counts[i - 1]?.at ?? -Infinity);
        assert.ok(gapMs > HELD_BACK_MS - LATE_MS, `two counts came within ${gapMs} ms`);
      }
      await sleep(HELD_BACK_MS + TIMER_SLACK_MS);
      observer.frames.length = 0;
      assert.deepEqual(await countsWithin(observer, HELD_BACK_MS + TIMER_SLACK_MS), []);
    },
  },
  {
    id: 'SC-07',
    statement: 'pusher-js gets subscription counts, and knows that of its channel.',
    needs: ['subscription-count-events'],
    async run(c) {
      const { app } = c.provision('subscription-count-events');
      const client = c.pusher({ app });
      await client.connected();
      const name = c.channel();
      const channel = client.pusher.subscribe(name);
      const counts: unknown[] = [];
      channel.bind('pusher:subscription_count', (data: unknown) => counts.push(data));
      await client.until('the first count', () => counts.length === 1);
      assert.equal(channel.subscriptionCount, 1);
      await (await c.connect({ app })).subscribe(name);
      await client.until('the second count', () => counts.length === 2);
      assert.equal(channel.subscriptionCount, 2);
      assert.deepEqual(counts, [{ subscription_count: 1 }, { subscription_count: 2 }]);
    },
  },
  {
    id: 'SC-08',
    statement: 'Private, encrypted and cache channels have counts too.',
    needs: ['subscription-count-events'],
    async run(c) {
      const prefixes = ['private-', 'private-encrypted-', 'cache-', 'private-cache-', 'private-encrypted-cache-'];
      const [first, second] = [await connectCounting(c), await connectCounting(c)];
      for (const prefix of prefixes) {
        const channel = c.channel(prefix);
        await first.subscribe(channel);
        await expectCount(first, channel, 1);
        await second.subscribe(channel);
        for (const socket of [first, second]) await expectCount(socket, channel, 2);
      }
    },
  },
];
