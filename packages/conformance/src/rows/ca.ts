import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { expectRefusal, expectStatus } from '../clients/http-client.ts';
import type { RowContext } from '../context.ts';
import type { Row } from '../row.ts';
import { connectForMisses, expectKept, expectMiss, MISS } from './cache.ts';
import { connectCounting, COUNT, expectCount } from './counting.ts';
import { encryptedPusher, MASTER_KEY } from './encryption.ts';

const MAX_TTL_SECONDS = 1800;
const LATE_MS = 500;

interface Cached {
  readonly data: unknown;
  readonly ttl: number;
}

/** What the HTTP API tells of a cache that is not empty. */
async function cachedOf(context: RowContext, channel: string): Promise<Cached> {
  const answer = await context.http().read(`/channels/${channel}`, { info: 'cache' });
  const { data, ttl, ...others } = answer['cache'] as Record<string, unknown>;
  assert.deepEqual(others, {}, 'cache has data and ttl, and nothing else');
  assert.ok(Number.isInteger(ttl), `ttl has to be an integer, but is ${JSON.stringify(ttl)}`);
  return { data, ttl: Number(ttl) };
}

/** Rows of what subscribers get. */
const FRAMES: readonly Row[] = [
  {
    id: 'CA-01',
    statement: 'A subscription to an empty cache channel succeeds, and then gets pusher:cache_miss.',
    async run(c) {
      const socket = await connectForMisses(c);
      const channel = c.channel('cache-');
      await socket.subscribe(channel);
      await expectMiss(socket, channel);
      await socket.expectQuiet();
    },
  },
  {
    id: 'CA-02',
    statement: 'A new subscriber gets the last event and no other, as it was published.',
    async run(c) {
      const channel = c.channel('cache-');
      const [first, second] = [
        { name: 'e1', channel, data: '1' },
        { name: 'e2', channel, data: ' {"é": 2}' },
      ];
      for (const event of [first, second]) await c.http().publish(event);
      const socket = await connectForMisses(c);
      await socket.subscribe(channel);
      await expectKept(socket, second);
      await socket.expectQuiet();
    },
  },
  {
    id: 'CA-03',
    statement: 'An event is kept though nobody was subscribed, and outlives its subscribers.',
    async run(c) {
      const event = { name: 'e', channel: c.channel('cache-'), data: 'd' };
      await c.http().publish(event);
      assert.deepEqual(await c.http().read(`/channels/${event.channel}`), { occupied: false });
      for (let i = 0; i < 3; i++) {
        const socket = await connectForMisses(c);
        await socket.subscribe(event.channel);
        await expectKept(socket, event);
        await socket.close();
      }
    },
  },
  {
    id: 'CA-04',
    statement: 'An event is forgotten after its time.',
    needs: ['short-cache'],
    async run(c) {
      const { endpoint, seconds } = c.provision('short-cache');
      const event = { name: 'e', channel: c.channel('cache-'), data: 'd' };
      await c.http({ endpoint }).publish(event);
      const early = await connectForMisses(c, { endpoint });
      await early.subscribe(event.channel);
      await expectKept(early, event);
      await sleep(seconds * 1000 + LATE_MS);
      const late = await connectForMisses(c, { endpoint });
      await late.subscribe(event.channel);
      await expectMiss(late, event.channel);
      await early.expectQuiet();
      const answer = await c.http({ endpoint }).read(`/channels/${event.channel}`, { info: 'cache' });
      assert.deepEqual(answer, { occupied: true, cache: null });
    },
  },
  {
    id: 'CA-05',
    statement: 'Public, private, encrypted and presence channels each have a kind that keeps its last event.',
    async run(c) {
      for (const prefix of ['cache-', 'private-cache-', 'private-encrypted-cache-', 'presence-cache-']) {
        const event = { name: 'e', channel: c.channel(prefix), data: '{"nonce":"n","ciphertext":"c"}' };
        const [first, second] = [await connectForMisses(c), await connectForMisses(c)];
        const enter = async (socket: typeof first): Promise<void> => {
          if (prefix.startsWith('presence-')) await socket.join(event.channel, { user_id: '1' });
          else await socket.subscribe(event.channel);
        };
        await enter(first);
        await expectMiss(first, event.channel);
        await c.http().publish(event);
        await expectKept(first, event);
        await enter(second);
        await expectKept(second, event);
        await Promise.all([first, second].map((socket) => socket.expectQuiet()));
      }
    },
  },
  {
    id: 'CA-06',
    statement: 'A client event is not kept, and leaves what is kept.',
    async run(c) {
      const event = { name: 'e', channel: c.channel('private-cache-'), data: 'd' };
      const { channel } = event;
      const [sender, receiver] = [await connectForMisses(c), await connectForMisses(c)];
      for (const socket of [sender, receiver]) {
        await socket.subscribe(channel);
        await expectMiss(socket, channel);
      }
      const say = async (): Promise<void> => {
        sender.sendClientEvent(channel, 'hi');
        await receiver.expectFrame({ event: 'client-x', channel, data: 'hi' });
      };
      await say();
      const third = await connectForMisses(c);
      await third.subscribe(channel);
      await expectMiss(third, channel);
      await c.http().publish(event);
      for (const socket of [sender, receiver, third]) await expectKept(socket, event);
      await say();
      const fourth = await connectForMisses(c);
      await fourth.subscribe(channel);
      await expectKept(fourth, event);
      await fourth.expectQuiet();
    },
  },
  {
    id: 'CA-07',
    statement: 'Who is subscribed already does not get the kept event again when another subscribes.',
    async run(c) {
      const event = { name: 'e', channel: c.channel('cache-'), data: 'd' };
      const first = await connectForMisses(c);
      await first.subscribe(event.channel);
      await expectMiss(first, event.channel);
      await c.http().publish(event);
      await expectKept(first, event);
      for (let i = 0; i < 8; i++) {
        const socket = await connectForMisses(c);
        await socket.subscribe(event.channel);
        await expectKept(socket, event);
      }
      await first.expectQuiet();
    },
  },
  {
    id: 'CA-08',
    statement: 'A channel with cache- inside its name keeps nothing and misses nothing.',
    async run(c) {
      for (const prefix of ['my-cache-', 'private-my-cache-', 'private-encrypted-my-cache-', 'cache']) {
        const event = { name: 'e', channel: c.channel(prefix), data: 'd' };
        const [first, second] = [await connectForMisses(c), await connectForMisses(c)];
        await first.subscribe(event.channel);
        await first.expectQuiet();
        await c.http().publish(event);
        await expectKept(first, event);
        await second.subscribe(event.channel);
        await second.expectQuiet();
      }
    },
  },
  {
    id: 'CA-14',
    statement: 'Encrypted data is kept as it is, and pusher-js decrypts it.',
    async run(c) {
      const channel = c.channel('private-encrypted-cache-');
      await c.publisher(MASTER_KEY).trigger(channel, 'e', { secret: 'text' });
      const raw = await connectForMisses(c);
      await raw.subscribe(channel);
      const { data, ...rest } = await raw.expectEvent('e');
      assert.deepEqual(rest, { event: 'e', channel });
      assert.deepEqual(Object.keys(JSON.parse(String(data)) as object).sort(), ['ciphertext', 'nonce']);
      const client = encryptedPusher(c);
      const received: unknown[] = [];
      client.pusher.subscribe(channel).bind('e', (value: unknown) => received.push(value));
      await client.until('the kept event', () => received.length > 0);
      assert.deepEqual(received, [{ secret: 'text' }]);
      assert.deepEqual((await cachedOf(c, channel)).data, data);
    },
  },
  {
    id: 'CA-15',
    statement: 'A subscriber gets its success, the kept event, the subscription_count and live events, in this order.',
    needs: ['subscription-count-events'],
    async run(c) {
      const { app } = c.provision('subscription-count-events');
      const kept = { name: 'kept', channel: c.channel('cache-'), data: 'd' };
      const live = { name: 'live', channel: kept.channel, data: 'd' };
      const missing = await c.connect({ app, inOrder: [MISS, COUNT] });
      await missing.subscribe(kept.channel);
      await expectMiss(missing, kept.channel);
      await expectCount(missing, kept.channel, 1);
      await c.http({ app }).publish(kept);
      await expectKept(missing, kept);
      const socket = await connectCounting(c);
      await socket.subscribe(kept.channel);
      await expectKept(socket, kept);
      await expectCount(socket, kept.channel, 2);
      await c.http({ app }).publish(live);
      await expectKept(socket, live);
    },
  },
  {
    id: 'CA-16',
    statement: 'An event with a socket_id is kept, and that connection gets it when it subscribes again.',
    async run(c) {
      const channel = c.channel('cache-');
      const socket = await connectForMisses(c);
      await socket.subscribe(channel);
      await expectMiss(socket, channel);
      const event = { name: 'e', channel, data: 'd' };
      await c.http().publish({ ...event, socket_id: socket.id });
      await socket.expectQuiet();
      socket.sendUnsubscribe(channel);
      await socket.subscribe(channel);
      await expectKept(socket, event);
    },
  },
];

/** Rows of the HTTP API. */
const API: readonly Row[] = [
  {
    id: 'CA-11',
    statement: 'The cache of a channel is its data and a ttl in whole seconds, 1800 at most, which falls.',
    async run(c) {
      const event = { name: 'e', channel: c.channel('cache-'), data: ' {"é": 1}' };
      await c.http().publish(event);
      const first = await cachedOf(c, event.channel);
      assert.equal(first.data, event.data);
      assert.ok(first.ttl > 0 && first.ttl <= MAX_TTL_SECONDS, `ttl is ${first.ttl}`);
      await sleep(2100);
      const { ttl } = await cachedOf(c, event.channel);
      assert.ok(ttl >= first.ttl - 4 && ttl <= first.ttl - 1, `ttl was ${first.ttl}, and is ${ttl} after 2 s`);
    },
  },
  {
    id: 'CA-12',
    statement: 'An empty cache is null.',
    async run(c) {
      for (const prefix of ['cache-', 'private-cache-', 'private-encrypted-cache-', 'presence-cache-']) {
        const answer = await c.http().read(`/channels/${c.channel(prefix)}`, { info: 'cache' });
        assert.deepEqual(answer, { occupied: false, cache: null });
      }
      const channel = c.channel('cache-');
      await (await c.connect()).subscribe(channel);
      assert.deepEqual(await c.http().read(`/channels/${channel}`, { info: 'cache' }), { occupied: true, cache: null });
    },
  },
  {
    id: 'CA-13',
    statement: 'The cache of a channel that has none is refused with 400.',
    async run(c) {
      for (const prefix of ['', 'private-', 'private-encrypted-', 'presence-', 'my-cache-']) {
        expectRefusal(await c.http().get(`/channels/${c.channel(prefix)}`, { info: 'cache' }), 400, /./);
      }
      expectStatus(await c.http().get(`/channels/${c.channel('cache-')}`, { info: 'cache' }), 200);
    },
  },
];

export const CA: readonly Row[] = [...FRAMES, ...API];
