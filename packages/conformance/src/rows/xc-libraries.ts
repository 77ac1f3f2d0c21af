import assert from 'node:assert/strict';
import { expectStatus, jsonOf } from '../clients/http-client.ts';
import type { PusherClient } from '../clients/pusher-client.ts';
import type { RowContext } from '../context.ts';
import type { Row } from '../row.ts';
import { echoOf } from './echo.ts';
import { encryptedPusher, MASTER_KEY } from './encryption.ts';

const NOTIFICATION = 'Illuminate\\Notifications\\Events\\BroadcastNotificationCreated';

interface Subscribed {
  readonly name: string;
  readonly subscription: { readonly subscribed: boolean };
}

async function isSubscribed(client: PusherClient, { name, subscription }: Subscribed): Promise<void> {
  await client.until(`the subscription to ${name}`, () => subscription.subscribed);
}

/** As PHP's json_encode writes it: slashes and everything beyond ASCII are escaped. */
function phpJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('/', '\\/')
    .replaceAll(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** What Laravel's broadcaster has pusher-php-server post; `socket_id` is the X-Socket-ID of the page's request. */
async function broadcast(c: RowContext, event: Readonly<Record<string, unknown>>): Promise<void> {
  const headers = { 'x-pusher-library': 'pusher-http-php 7.2.7', 'user-agent': 'GuzzleHttp/7', accept: '*/*' };
  const answer = await c.http({ headers }).post('/events', phpJson(event));
  // The library throws at any other status, and at a body that is no JSON.
  expectStatus(answer, 200);
  jsonOf(answer);
}

async function expectPresence(alice: PusherClient, bob: PusherClient, channel: string): Promise<void> {
  const seen: unknown[] = [];
  const [alices, bobs] = [echoOf(alice), echoOf(bob)];
  alices
    .join(channel)
    .here((users: unknown) => seen.push(['here', users]))
    .joining((user: unknown) => seen.push(['joining', user]))
    .leaving((user: unknown) => seen.push(['leaving', user]));
  await alice.until('here', () => seen.length === 1);
  const here: unknown[] = [];
  bobs.join(channel).here((users: unknown) => here.push(users));
  await bob.until('here', () => here.length === 1);
  assert.deepEqual(here, [[{ name: 'Alice' }, { name: 'Bob' }]]);
  await alice.until('joining', () => seen.length === 2);
  bobs.leave(channel);
  await alice.until('leaving', () => seen.length === 3);
  assert.deepEqual(seen, [
    ['here', [{ name: 'Alice' }]],
    ['joining', { name: 'Bob' }],
    ['leaving', { name: 'Bob' }],
  ]);
}

/** Rows of libraries of clients and of frameworks. */
export const XC_LIBRARIES: readonly Row[] = [
  {
    id: 'XC-03',
    statement:
      'Laravel Echo over pusher-js listens, whispers, knows who is here, joining and leaving, and gets errors and notifications.',
    async run(c) {
      const alice = c.pusher({ member: { user_id: '1', user_info: { name: 'Alice' } } });
      const bob = c.pusher({ member: { user_id: '2', user_info: { name: 'Bob' } } });
      const [orders, chat, user] = [c.channel(), c.channel(), c.channel('App.Models.User.')];
      const heard: unknown[] = [];
      const [alices, bobs] = [echoOf(alice), echoOf(bob)];
      const listening = alices.channel(orders).listen('OrderShipped', (data: unknown) => heard.push(data));
      const [mine, others] = [alices.private(chat), bobs.private(chat)];
      others.listenForWhisper('typing', (data: unknown) => heard.push(data));
      const notified = alices.private(user).notification((data: unknown) => heard.push(data));
      for (const channel of [listening, mine, notified]) await isSubscribed(alice, channel);
      await isSubscribed(bob, others);
      await c.publisher().trigger(orders, 'App\\Events\\OrderShipped', { order: { id: 1 } });
      await alice.until('the event', () => heard.length === 1);
      mine.whisper('typing', { name: 'Alice' });
      await bob.until('the whisper', () => heard.length === 2);
      await c.publisher().trigger(`private-${user}`, NOTIFICATION, { id: 'f0e1', amount: 12 });
      await alice.until('the notification', () => heard.length === 3);
      assert.deepEqual(heard, [{ order: { id: 1 } }, { name: 'Alice' }, { id: 'f0e1', amount: 12 }]);
      await expectPresence(alice, bob, c.channel());
      const endpoint = await c.authEndpoint(403);
      const refused = c.pusher({ options: { channelAuthorization: { endpoint: endpoint.url, transport: 'ajax' } } });
      const errors: unknown[] = [];
      echoOf(refused)
        .private(chat)
        .error((error: unknown) => errors.push(error));
      await refused.until('the error', () => errors.length > 0);
      assert.equal((errors[0] as { readonly status?: unknown }).status, 403);
    },
  },
  {
    id: 'XC-04',
    statement:
      "What Laravel's Pusher driver posts for broadcast()->toOthers() reaches all but the connection of X-Socket-ID, and is answered with 200 and JSON.",
    async run(c) {
      const sockets = await c.spread(4);
      const channels = [c.channel('private-'), c.channel()];
      for (const channel of channels) for (const socket of sockets) await socket.subscribe(channel);
      const [sender, ...others] = sockets;
      const name = 'App\\Events\\OrderShipped';
      const data = phpJson({ order: { id: 7, url: 'https://shop.example/7', note: 'é☃' } });
      await broadcast(c, { name, data, channels, socket_id: sender?.id });
      for (const channel of channels) {
        for (const socket of others) await socket.expectFrame({ event: name, channel, data });
      }
      await Promise.all(sockets.map((socket) => socket.expectQuiet()));
      // Without toOthers there is no socket_id.
      await broadcast(c, { name, data, channels: channels.slice(0, 1) });
      for (const socket of sockets) await socket.expectFrame({ event: name, channel: channels[0], data });
    },
  },
  {
    id: 'XC-05',
    statement: "An event that Pusher's library encrypts is decrypted by pusher-js, and is unreadable on the way.",
    async run(c) {
      const channel = c.channel('private-encrypted-');
      const raw = await c.connect();
      await raw.subscribe(channel);
      const client = encryptedPusher(c);
      const received = client.collect(await client.subscribe(channel));
      const events = [{ secret: 'text' }, 'é☃', { list: [1, 2, 3] }];
      for (const data of events) {
        await c.publisher(MASTER_KEY).trigger(channel, 'e', data);
        const frame = await raw.expectEvent('e');
        assert.deepEqual(Object.keys(JSON.parse(String(frame['data'])) as object).sort(), ['ciphertext', 'nonce']);
      }
      await client.until('the events', () => received.length === events.length);
      assert.deepEqual(
        received,
        events.map((data) => ({ event: 'e', data })),
      );
    },
  },
];
