import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { APP, channelAuth, message, presenceAuth, TcpClient, until } from '@sluice/testkit';
import { dataOf, sumOf } from '../process/support.ts';
import { APP_PATH, Target } from './support.ts';

const SOCKETS = 200;
const ROOM = 'presence-room';
const HANDSHAKE =
  `GET ${APP_PATH} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

/** What the greeting says; empty before it. */
function socketIdIn(client: TcpClient): string {
  return /socket_id\\":\\"([\d.]+)/.exec(client.received.toString('latin1'))?.[1] ?? '';
}

function subscriptions(client: TcpClient, user: string): Buffer {
  const id = socketIdIn(client);
  const subscribe = (data: object): Buffer => message({ event: 'pusher:subscribe', data });
  return Buffer.concat([
    subscribe({ channel: 'news' }),
    subscribe({ channel: `own-${user}` }),
    subscribe({ channel: 'private-all', auth: channelAuth(id, 'private-all') }),
    subscribe({ channel: ROOM, ...presenceAuth(id, ROOM, { user_id: user }) }),
  ]);
}

/** Goes through the life of a client up to some point, and is destroyed there. */
async function liveAndDie(port: number, i: number): Promise<void> {
  const end = i % 10;
  using client = await TcpClient.connect(port);
  if (end === 0) return;
  client.write(end === 1 ? HANDSHAKE.slice(0, i % HANDSHAKE.length) : HANDSHAKE);
  if (end <= 2) return;
  await until('the greeting', () => socketIdIn(client) !== '');
  if (end === 3) return;
  const asked = subscriptions(client, String(i));
  client.write(end === 4 ? asked.subarray(0, i % asked.length) : asked);
  if (end <= 5) return;
  if (end === 6) await sleep(i % 5);
  else await until('a subscription', () => client.received.includes(`"channel":"${ROOM}"`));
  if (end <= 8) return;
  client.write(message({ event: 'client-e', channel: 'private-all', data: 'last words' }));
  client.write(Buffer.from([0x81, 0xfe]));
}

describe('Connections that end in the middle of everything', () => {
  const target = new Target();

  it('leave no connection, no subscription and no member behind', { timeout: 30_000 }, async () => {
    const { server } = target;
    using api = target.api();
    await using watcher = await target.client();
    await watcher.subscribePresence(ROOM, { user_id: 'watcher' });
    const before = sumOf(await server.exposition(), 'connected');
    await Promise.all(Array.from({ length: SOCKETS }, (_, i) => liveAndDie(server.port, i)));
    await until(
      'only the watcher to be connected',
      async () => sumOf(await server.exposition(), 'connected') === before,
    );
    await until(
      'only its channel to be occupied',
      async () => (await api.get('/channels')).text === `{"channels":{"${ROOM}":{}}}`,
    );
    assert.deepEqual((await api.get(`/channels/${ROOM}/users`)).json(), { users: [{ id: 'watcher' }] });
    assert.equal(
      (await api.get(`/channels/${ROOM}`, { info: 'subscription_count' })).text,
      '{"occupied":true,"subscription_count":1}',
    );
    const eventsOf = (event: string): unknown[] =>
      dataOf(watcher, event)
        .map((data) => (data as { readonly user_id: string }).user_id)
        .sort();
    await until('as many leaves as joins', () => {
      return eventsOf('pusher_internal:member_added').length === eventsOf('pusher_internal:member_removed').length;
    });
    const joined = eventsOf('pusher_internal:member_added');
    assert.deepEqual(joined, eventsOf('pusher_internal:member_removed'));
    assert.equal(new Set(joined).size, joined.length);
    assert.ok(joined.length >= SOCKETS * 0.3);
    const text = await server.exposition();
    assert.equal(sumOf(text, 'channel_subscriptions_total') - sumOf(text, 'channel_unsubscriptions_total'), 1);
  });

  it('during a request for the API do no harm', { timeout: 30_000 }, async () => {
    const { port } = target.server;
    const request = `POST /apps/${APP.id}/events?auth_key=${APP.key} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"name":"e"`;
    await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        using client = await TcpClient.connect(port);
        client.write(request.slice(0, (i * 7) % request.length));
        await sleep(i % 7);
      }),
    );
  });

  it('while they are sent to do no harm to those who stay', { timeout: 30_000 }, async () => {
    using api = target.api();
    await using stayer = await target.client();
    await stayer.subscribe('news');
    const leavers = await Promise.all(Array.from({ length: 50 }, () => target.socket()));
    for (const leaver of leavers) leaver.write(message({ event: 'pusher:subscribe', data: { channel: 'news' } }));
    for (let n = 0; n < 50; n++) {
      leavers[n]?.[Symbol.dispose]();
      assert.equal((await api.trigger('news', 'e', n)).status, 200);
    }
    await until('all messages', () => stayer.frames.length === 50);
    assert.deepEqual(
      dataOf(stayer, 'e'),
      Array.from({ length: 50 }, (_, n) => n),
    );
  });
});
