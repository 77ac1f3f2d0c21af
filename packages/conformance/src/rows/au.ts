import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataOf } from '../clients/frames.ts';
import type { PusherClient } from '../clients/pusher-client.ts';
import type { PusherSocket } from '../clients/pusher-socket.ts';
import { channelAuth, hmac } from '../clients/signature.ts';
import type { RowContext } from '../context.ts';
import type { Row } from '../row.ts';

/** A digest that no text has. */
const WRONG = 'deadbeef'.repeat(8);

function escapePattern(text: string): string {
  return text.replaceAll(/[^\w:-]/g, String.raw`\$&`);
}

/** Whatever its kind, a channel that needs a signature is refused with a wrong one. */
async function expectWrongRefused(context: RowContext, prefix: string): Promise<void> {
  const socket = await context.connect();
  const channel = context.channel(prefix);
  const channelData = prefix.startsWith('presence-') ? { channel_data: '{"user_id":"1"}' } : {};
  for (const digest of ['bad', WRONG]) {
    socket.sendSubscribe(channel, { auth: `${socket.app.key}:${digest}`, ...channelData });
    await socket.expectRefused(channel, /Invalid signature/);
  }
}

async function expectInvalid(
  context: RowContext,
  channel: string,
  auth: (socket: PusherSocket) => string,
): Promise<void> {
  const socket = await context.connect();
  socket.sendSubscribe(channel, { auth: auth(socket) });
  await socket.expectRefused(channel, /^Invalid signature: /);
}

/** Subscribes pusher-js to a channel that it may not have, and shows what its handler is told. */
async function expectHandled(client: PusherClient, channel: string, status: number): Promise<void> {
  const errors: { readonly type?: unknown; readonly status?: unknown }[] = [];
  const handler = (data: (typeof errors)[number]): unknown => errors.push(data);
  client.pusher.subscribe(channel).bind('pusher:subscription_error', handler);
  await client.until('the handler', () => errors.length > 0);
  const [first] = errors;
  assert.deepEqual({ type: first?.type, status: first?.status }, { type: 'AuthError', status });
}

export const AU: readonly Row[] = [
  {
    id: 'AU-05',
    statement: 'A private channel with the right signature succeeds.',
    async run(c) {
      const socket = await c.connect();
      const channel = c.channel('private-');
      socket.sendSubscribe(channel, {
        auth: `${socket.app.key}:${hmac(socket.app.secret, `${socket.id}:${channel}`)}`,
      });
      await socket.expectSubscribed(channel);
    },
  },
  {
    id: 'AU-06',
    statement: 'A wrong signature gets the error of Pusher, which never shows the right one.',
    async run(c) {
      const socket = await c.connect();
      const channel = c.channel('private-');
      socket.sendSubscribe(channel, { auth: `${socket.app.key}:${WRONG}` });
      const text = await socket.expectRefused(
        channel,
        `Invalid signature: Expected HMAC SHA256 hex digest of ${socket.id}:${channel}, but got ${WRONG}`,
      );
      const right = hmac(socket.app.secret, `${socket.id}:${channel}`);
      assert.ok(!text.includes(right) && !JSON.stringify(socket.asides).includes(right));
    },
  },
  {
    id: 'AU-07',
    statement: 'After a refusal the same channel succeeds with the right signature.',
    async run(c) {
      const socket = await c.connect();
      const channel = c.channel('private-');
      socket.sendSubscribe(channel, { auth: `${socket.app.key}:${WRONG}` });
      await socket.expectError(null, /^Invalid signature/);
      await socket.subscribe(channel);
      await c.http().publish({ channel, name: 'e', data: 'd' });
      await socket.expectFrame({ event: 'e', channel, data: 'd' });
    },
  },
  {
    id: 'AU-08',
    statement: 'A private channel without auth, or with an empty one, gets the error of Pusher.',
    async run(c) {
      const socket = await c.connect();
      const channel = c.channel('private-');
      for (const data of [{}, { auth: '' }]) {
        socket.sendSubscribe(channel, data);
        await socket.expectRefused(channel, `Auth info required to subscribe to ${channel}`);
      }
    },
  },
  {
    id: 'AU-09',
    statement: 'An auth without a colon gets the error of Pusher.',
    async run(c) {
      const socket = await c.connect();
      const channel = c.channel('private-');
      socket.sendSubscribe(channel, { auth: WRONG });
      await socket.expectRefused(
        channel,
        `Auth value for subscription to ${channel} is invalid: should be of format 'key:signature'`,
      );
    },
  },
  {
    id: 'AU-10',
    statement: 'An auth with an unknown key gets the error of Pusher.',
    async run(c) {
      const socket = await c.connect();
      const channel = c.channel('private-');
      socket.sendSubscribe(channel, { auth: `zzz:${hmac(socket.app.secret, `${socket.id}:${channel}`)}` });
      await socket.expectRefused(channel, "Invalid key in subscription auth data: 'zzz'");
    },
  },
  {
    id: 'AU-11',
    statement: 'A signature for another socket id is refused.',
    async run(c) {
      const other = await c.connect();
      const channel = c.channel('private-');
      await expectInvalid(c, channel, () => other.authFor(channel));
    },
  },
  {
    id: 'AU-12',
    statement: 'A signature for another channel is refused.',
    run: (c) => expectInvalid(c, c.channel('private-'), (socket) => socket.authFor(c.channel('private-'))),
  },
  {
    id: 'AU-13',
    statement: 'channel_data of a private channel is part of what is signed.',
    async run(c) {
      const socket = await c.connect();
      const channel = c.channel('private-');
      const channelData = '{"user_id":"1"}';
      socket.sendSubscribe(channel, { auth: socket.authFor(channel, channelData), channel_data: channelData });
      await socket.expectSubscribed(channel);
    },
  },
  {
    id: 'AU-14',
    statement: 'A private channel with channel_data that was not signed is refused.',
    async run(c) {
      const socket = await c.connect();
      const channel = c.channel('private-');
      socket.sendSubscribe(channel, { auth: socket.authFor(channel), channel_data: '{"user_id":"1"}' });
      await socket.expectRefused(
        channel,
        new RegExp(`digest of ${escapePattern(`${socket.id}:${channel}:{"user_id":"1"}`)}, but got`),
      );
    },
  },
  {
    id: 'AU-15',
    statement: 'An empty channel_data is signed too, as a colon at the end.',
    async run(c) {
      const socket = await c.connect();
      const channel = c.channel('private-');
      socket.sendSubscribe(channel, { auth: socket.authFor(channel), channel_data: '' });
      await socket.expectRefused(channel, /^Invalid signature/);
      socket.sendSubscribe(channel, { auth: socket.authFor(channel, ''), channel_data: '' });
      await socket.expectSubscribed(channel);
    },
  },
  {
    id: 'AU-16',
    statement: 'An encrypted channel is authorised like a private one, without its shared secret.',
    async run(c) {
      const socket = await c.connect();
      const channel = c.channel('private-encrypted-');
      socket.sendSubscribe(channel, { auth: `${socket.app.key}:${WRONG}` });
      await socket.expectRefused(channel, /^Invalid signature/);
      socket.sendSubscribe(channel, { auth: socket.authFor(channel) });
      await socket.expectSubscribed(channel);
    },
  },
  {
    id: 'AU-17',
    statement: 'A private-cache- channel with a wrong signature is refused.',
    run: (c) => expectWrongRefused(c, 'private-cache-'),
  },
  {
    id: 'AU-18',
    statement: 'A private-encrypted-cache- channel with a wrong signature is refused.',
    run: (c) => expectWrongRefused(c, 'private-encrypted-cache-'),
  },
  {
    id: 'AU-19',
    statement: 'A presence-cache- channel with a wrong signature is refused.',
    run: (c) => expectWrongRefused(c, 'presence-cache-'),
  },
  {
    id: 'AU-20',
    statement: 'A private channel with cache- inside its name and a wrong signature is refused.',
    run: (c) => expectWrongRefused(c, 'private-my-cache-'),
  },
  {
    id: 'AU-21',
    statement: 'A cache- channel needs no auth.',
    async run(c) {
      const socket = await c.connect();
      const channel = c.channel('cache-');
      socket.sendSubscribe(channel);
      await socket.expectSubscribed(channel);
    },
  },
  {
    id: 'AU-22',
    statement: 'private- and presence- inside a name do not make it private or presence.',
    async run(c) {
      const socket = await c.connect();
      for (const channel of [c.channel('my-private-'), c.channel('xpresence-'), c.channel('privatex-')]) {
        socket.sendSubscribe(channel);
        await socket.expectSubscribed(channel);
      }
    },
  },
  {
    id: 'AU-23',
    statement: 'A signature in upper case is refused.',
    run: (c) => {
      const channel = c.channel('private-');
      return expectInvalid(c, channel, ({ app, id }) => {
        return `${app.key}:${hmac(app.secret, `${id}:${channel}`).toUpperCase()}`;
      });
    },
  },
  {
    id: 'AU-24',
    statement: 'A refusal also names its channel in pusher:subscription_error, which handlers of pusher-js get.',
    async run(c) {
      const socket = await c.connect();
      const channel = c.channel('private-');
      socket.sendSubscribe(channel, { auth: `${socket.app.key}:${WRONG}` });
      await socket.expectError(null, /^Invalid signature/);
      const frame = await socket.expectAside('pusher:subscription_error');
      assert.deepEqual(Object.keys(frame).sort(), ['channel', 'data', 'event']);
      assert.equal(frame['channel'], channel);
      const { type, status, error } = dataOf(frame);
      assert.deepEqual({ type, status }, { type: 'AuthError', status: 401 });
      assert.match(String(error), /^Invalid signature/);

      const auth = `${socket.app.key}:${WRONG}`;
      const client = c.pusher({
        options: { channelAuthorization: { customHandler: (_request, callback) => callback(null, { auth }) } },
      });
      await expectHandled(client, channel, 401);
    },
  },
  {
    id: 'AU-25',
    statement: 'A further key of the app signs subscriptions as well, and a disabled one does not.',
    needs: ['several-keys'],
    async run(c) {
      const { enabled, disabled } = c.provision('several-keys');
      const socket = await c.connect();
      const channel = c.channel('private-');
      socket.sendSubscribe(channel, { auth: channelAuth(disabled, { socketId: socket.id, channel }) });
      await socket.expectRefused(channel, `Invalid key in subscription auth data: '${disabled.key}'`);
      socket.sendSubscribe(channel, { auth: channelAuth(enabled, { socketId: socket.id, channel }) });
      await socket.expectSubscribed(channel);
    },
  },
  {
    id: 'AU-26',
    statement: 'A signature of a subscription of any other length is refused like any wrong one.',
    async run(c) {
      const socket = await c.connect();
      const channel = c.channel('private-');
      const right = hmac(socket.app.secret, `${socket.id}:${channel}`);
      for (const signature of ['', 'a', right.slice(1), `${right}0`, right.repeat(10), 'é'.repeat(32)]) {
        socket.sendSubscribe(channel, { auth: `${socket.app.key}:${signature}` });
        await socket.expectRefused(channel, /invalid/i);
      }
      await socket.subscribe(channel);
    },
  },
  {
    id: 'AU-27',
    statement: 'pusher-js whose endpoint answers 403 tells its channel and asks the server for nothing.',
    async run(c) {
      const endpoint = await c.authEndpoint(403);
      const proxy = await c.proxy();
      const client = c.pusher({
        endpoint: proxy.endpoint,
        options: { channelAuthorization: { endpoint: endpoint.url, transport: 'ajax' } },
      });
      await client.connected();
      const channel = c.channel('private-');
      await expectHandled(client, channel, 403);
      assert.equal(endpoint.requests, 1);
      await sleep(300);
      assert.deepEqual(
        proxy.messages().filter((text) => text.includes(channel)),
        [],
      );
      const other = c.channel();
      await client.subscribe(other);
      assert.ok(
        proxy.messages().some((text) => text.includes(other)),
        'what it asks for is seen',
      );
    },
  },
];
