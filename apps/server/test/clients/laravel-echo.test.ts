import assert from 'node:assert/strict';
import { after, suite, type TestContext, test } from 'node:test';
import { APP, SluiceProcess, until } from '@sluice/testkit';
import Echo from 'laravel-echo';
import PusherJs from 'pusher-js';
import { Backend, FORBIDDEN } from './backend.ts';
import { type Client, collect, count, first, isSignedIn, publisherOn } from './support.ts';

const server = await SluiceProcess.start({ workers: 3 });
after(() => server[Symbol.asyncDispose]());
const publisher = publisherOn(server.port);
const backend = await Backend.listen(publisher);
after(() => backend[Symbol.asyncDispose]());

type Broadcaster = 'reverb' | 'pusher';
/** What the channels of Echo have in common. */
interface Subscribed {
  readonly name: string;
  readonly subscription: { readonly subscribed: boolean };
}

type AnyEcho = Echo<'reverb'> | Echo<'pusher'>;

for (const broadcaster of ['reverb', 'pusher'] as const) {
  suite(`Echo with the broadcaster ${broadcaster}`, () => {
    test('an event is heard under its class name, and others under their full names', async (t) => {
      await hearsEvents(await connect(t, broadcaster, 'alice'));
    });
    test('whispers on a private channel reach the other clients', async (t) => {
      await whispers(await connect(t, broadcaster, 'alice'), await connect(t, broadcaster, 'bob'));
    });
    test('those who join a presence channel are here, joining and leaving', async (t) => {
      await joins(await connect(t, broadcaster, 'alice'), await connect(t, broadcaster, 'bob'));
    });
    test('a refused private channel calls the error handler with the status', async (t) => {
      await isRefused(await connect(t, broadcaster, 'alice'));
    });
    test('what is sent to others does not come back to the one it came from', async (t) => {
      await sendsToOthers(await connect(t, broadcaster, 'alice'), await connect(t, broadcaster, 'bob'));
    });
    test('an encrypted private channel delivers deciphered', async (t) => {
      await deciphers(await connect(t, broadcaster, 'alice'));
    });
    test('a channel that is left delivers nothing more, and can be joined again', async (t) => {
      await leaves(await connect(t, broadcaster, 'alice'), await connect(t, broadcaster, 'bob'));
    });
    test('a notification of a user arrives on the private channel of that user', async (t) => {
      await notifies(await connect(t, broadcaster, 'alice'));
    });
    test('after a sign-in the user gets what is sent to the user', async (t) => {
      await signsIn(await connect(t, broadcaster, 'alice'));
    });
  });
}

/** As an application does it, but for the headers: Echo keeps those of a bearer token in one object for all instances. */
async function connect(t: TestContext, broadcaster: Broadcaster, userId: string): Promise<AnyEcho> {
  const headers = { authorization: `Bearer ${userId}` };
  const options = {
    key: APP.key,
    wsHost: '127.0.0.1',
    wsPort: server.port,
    forceTLS: false,
    enabledTransports: ['ws' as const],
    Pusher: PusherJs,
    authEndpoint: backend.url('/broadcasting/auth'),
    auth: { headers },
    userAuthentication: { endpoint: backend.url('/broadcasting/user-auth'), headers, transport: 'ajax' as const },
    withoutInterceptors: true,
  };
  const echo: AnyEcho =
    broadcaster === 'reverb'
      ? new Echo<'reverb'>({ ...options, broadcaster })
      : new Echo<'pusher'>({ ...options, broadcaster, cluster: 'local' });
  t.after(() => echo.disconnect());
  await until('the connection', () => echo.connectionStatus() === 'connected');
  return echo;
}

async function hearsEvents(echo: AnyEcho): Promise<void> {
  const got: unknown[] = [];
  const channel = echo.channel('orders');
  channel.listen('OrderShipped', (data: unknown) => got.push(['short', data]));
  channel.listen('\\Shop\\Events\\OrderPaid', (data: unknown) => got.push(['other namespace', data]));
  channel.listen('.order.returned', (data: unknown) => got.push(['as is', data]));
  const all: unknown[] = [];
  channel.listenToAll((event: string) => all.push(event));
  await isSubscribed(channel);
  await publisher.triggerBatch([
    { channel: 'orders', name: 'App\\Events\\OrderShipped', data: { order: { id: 1 } } },
    { channel: 'orders', name: 'Shop\\Events\\OrderPaid', data: { order: { id: 2 } } },
    { channel: 'orders', name: 'order.returned', data: { order: { id: 3 } } },
  ]);
  await count('events', all, 3);
  assert.deepEqual(got, [
    ['short', { order: { id: 1 } }],
    ['other namespace', { order: { id: 2 } }],
    ['as is', { order: { id: 3 } }],
  ]);
  assert.deepEqual(all, ['OrderShipped', '.Shop\\Events\\OrderPaid', '.order.returned']);
}

async function whispers(alice: AnyEcho, bob: AnyEcho): Promise<void> {
  const alices = alice.private('chat');
  const bobs = bob.private('chat');
  const atAlice: unknown[] = [];
  const atBob: unknown[] = [];
  alices.listenForWhisper('typing', (data: unknown) => atAlice.push(data));
  bobs.listenForWhisper('typing', (data: unknown) => atBob.push(data));
  await Promise.all([isSubscribed(alices), isSubscribed(bobs)]);
  alices.whisper('typing', { name: 'Alice' });
  await count('whispers', atBob, 1);
  bobs.whisper('typing', { name: 'Bob' });
  await count('whispers', atAlice, 1);
  assert.deepEqual([atAlice, atBob], [[{ name: 'Bob' }], [{ name: 'Alice' }]]);
}

async function joins(alice: AnyEcho, bob: AnyEcho): Promise<void> {
  const seen: unknown[] = [];
  alice
    .join('room')
    .here((users: unknown) => seen.push(['here', users]))
    .joining((user: unknown) => seen.push(['joining', user]))
    .leaving((user: unknown) => seen.push(['leaving', user]));
  await count('what Alice sees', seen, 1);
  const here: unknown[] = [];
  bob.join('room').here((users: unknown) => here.push(users));
  assert.deepEqual(await first('here', here), [{ name: 'Alice' }, { name: 'Bob' }]);
  await count('what Alice sees', seen, 2);
  bob.leave('room');
  await count('what Alice sees', seen, 3);
  assert.deepEqual(seen, [
    ['here', [{ name: 'Alice' }]],
    ['joining', { name: 'Bob' }],
    ['leaving', { name: 'Bob' }],
  ]);
}

async function isRefused(echo: AnyEcho): Promise<void> {
  const errors: unknown[] = [];
  echo.private(FORBIDDEN).error((error: unknown) => errors.push(error));
  const { type, status } = (await first('errors', errors)) as { readonly type: string; readonly status: number };
  assert.deepEqual([type, status], ['AuthError', 403]);
}

async function sendsToOthers(alice: AnyEcho, bob: AnyEcho): Promise<void> {
  const channels = [alice.channel('board'), bob.channel('board')];
  const got = channels.map((channel) => {
    const names: string[] = [];
    channel.listenToAll((event: string) => names.push(event));
    return names;
  });
  await Promise.all(channels.map(isSubscribed));
  const origin = alice.socketId();
  assert.ok(origin !== undefined);
  await publisher.triggerBatch([
    { channel: 'board', name: 'App\\Events\\CardMoved', data: {}, socket_id: origin },
    { channel: 'board', name: 'App\\Events\\CardAdded', data: {} },
  ]);
  await Promise.all(got.map((names, i) => count('events', names, 1 + i)));
  assert.deepEqual(got, [['CardAdded'], ['CardMoved', 'CardAdded']]);
}

async function deciphers(echo: AnyEcho): Promise<void> {
  const got: unknown[] = [];
  const channel = echo.encryptedPrivate('ledger').listen('EntryMade', (data: unknown) => got.push(data));
  await isSubscribed(channel);
  await publisher.trigger('private-encrypted-ledger', 'App\\Events\\EntryMade', { amount: 12 });
  assert.deepEqual(await first('entries', got), { amount: 12 });
}

async function leaves(alice: AnyEcho, bob: AnyEcho): Promise<void> {
  const before: unknown[] = [];
  const after: unknown[] = [];
  const witness: unknown[] = [];
  const channel = alice.channel('ticker').listen('.tick', (data: unknown) => before.push(data));
  const bobs = bob.channel('ticker').listen('.tick', (data: unknown) => witness.push(data));
  await Promise.all([isSubscribed(channel), isSubscribed(bobs)]);
  await publisher.trigger('ticker', 'tick', 1);
  await count('ticks', before, 1);
  alice.leave('ticker');
  // Messages of one connection are handled in turn: once this is confirmed, the leave is done.
  await isSubscribed(alice.channel('ticker-barrier'));
  await publisher.trigger('ticker', 'tick', 2);
  await count('ticks at the witness', witness, 2);
  await isSubscribed(alice.channel('ticker').listen('.tick', (data: unknown) => after.push(data)));
  await publisher.trigger('ticker', 'tick', 3);
  await count('ticks', after, 1);
  assert.deepEqual([before, after], [[1], [3]]);
}

async function notifies(echo: AnyEcho): Promise<void> {
  const got: unknown[] = [];
  const channel = echo.private('App.Models.User.1');
  channel.notification((data: unknown) => got.push(data));
  await isSubscribed(channel);
  const name = 'Illuminate\\Notifications\\Events\\BroadcastNotificationCreated';
  const notification = { id: 'f0e1', type: 'App\\Notifications\\InvoicePaid', amount: 12 };
  await publisher.trigger('private-App.Models.User.1', name, notification);
  assert.deepEqual(await first('notifications', got), notification);
}

async function signsIn(echo: AnyEcho): Promise<void> {
  const { connector } = echo;
  const client = connector.pusher as Client;
  const got = collect(client.user, 'greeting');
  connector.signin();
  await until('the sign-in', () => isSignedIn(client));
  await publisher.sendToUser('alice', 'greeting', 'hello');
  assert.equal(await first('greeting', got), 'hello');
}

async function isSubscribed({ name, subscription }: Subscribed): Promise<void> {
  await until(`the subscription to ${name}`, () => subscription.subscribed);
}
