import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { SluiceProcess, until } from '@sluice/testkit';
import { Backend, FORBIDDEN } from './backend.ts';
import {
  authorizedBy,
  authorizedOver,
  type Client,
  collect,
  collectSigned,
  connect,
  count,
  first,
  isSignedIn,
  join,
  publisherOn,
  subscribe,
} from './support.ts';

const server = await SluiceProcess.start({ workers: 3 });
after(() => server[Symbol.asyncDispose]());
const { port } = server;
const publisher = publisherOn(port);

test('an event with an object arrives as that object', async (t) => {
  const channel = await subscribe(await connect(t, port), 'news');
  const got = collect(channel, 'published');
  await publisher.trigger('news', 'published', { title: 'Sluice', tags: ['a', 'b'], nested: { deep: null } });
  assert.deepEqual(await first('published', got), { title: 'Sluice', tags: ['a', 'b'], nested: { deep: null } });
});

test('an event with a string arrives as that string', async (t) => {
  const channel = await subscribe(await connect(t, port), 'plain');
  const got = collect(channel, 'said');
  await publisher.trigger('plain', 'said', 'not "JSON" at all\n');
  assert.equal(await first('said', got), 'not "JSON" at all\n');
});

test('text of all planes and control characters arrives unharmed, in names of events too', async (t) => {
  const channel = await subscribe(await connect(t, port), 'text');
  const name = 'ereignis-größe-事件-🌊';
  const data = { text: 'grün 水門 🌊 \u2028\u2029 \u0000 \u001f "\\" </script> e\u0301' };
  const got = collect(channel, name);
  await publisher.trigger('text', name, data);
  assert.deepEqual(await first(name, got), data);
});

test('one call reaches the subscribers of several channels, whichever worker they are on', async (t) => {
  const clients = await Promise.all([connect(t, port), connect(t, port), connect(t, port)]);
  const channels = await Promise.all(clients.map((client, i) => subscribe(client, `several-${i}`)));
  const got = channels.map((channel) => collect(channel, 'told'));
  await publisher.trigger(['several-0', 'several-1', 'several-2'], 'told', { n: 1 });
  for (const one of got) assert.deepEqual(await first('told', one), { n: 1 });
});

test('a batch arrives complete, and in its order on each channel', async (t) => {
  const client = await connect(t, port);
  const left = collect(await subscribe(client, 'batch-left'), 'step');
  const right = collect(await subscribe(client, 'batch-right'), 'step');
  await publisher.triggerBatch([
    { channel: 'batch-left', name: 'step', data: 1 },
    { channel: 'batch-right', name: 'step', data: { a: 'object' } },
    { channel: 'batch-left', name: 'step', data: 'two' },
    { channel: 'batch-left', name: 'step', data: [3] },
  ]);
  await count('step on the left', left, 3);
  await count('step on the right', right, 1);
  assert.deepEqual(left, [1, 'two', [3]]);
  assert.deepEqual(right, [{ a: 'object' }]);
});

test('an event with the socket_id of a client reaches everybody but that client', async (t) => {
  const [origin, other] = await Promise.all([connect(t, port), connect(t, port)]);
  const atOrigin = collect(await subscribe(origin, 'excluding'), 'moved');
  const atOther = collect(await subscribe(other, 'excluding'), 'moved');
  await publisher.trigger('excluding', 'moved', 'for others', { socket_id: origin.connection.socket_id });
  await count('moved at the other', atOther, 1);
  await publisher.triggerBatch([
    { channel: 'excluding', name: 'moved', data: 'for others again', socket_id: origin.connection.socket_id },
    { channel: 'excluding', name: 'moved', data: 'for all' },
  ]);
  await count('moved at the other', atOther, 3);
  await count('moved at the origin', atOrigin, 1);
  assert.deepEqual(atOther, ['for others', 'for others again', 'for all']);
  assert.deepEqual(atOrigin, ['for all']);
});

test('a client gets nothing between unsubscribing and subscribing again', async (t) => {
  const [client, witness] = await Promise.all([connect(t, port), connect(t, port)]);
  const seen = collect(await subscribe(witness, 'on-off'), 'tick');
  const channel = await subscribe(client, 'on-off');
  const got = collect(channel, 'tick');
  await publisher.trigger('on-off', 'tick', 1);
  await count('tick', got, 1);

  client.unsubscribe('on-off');
  // Messages of one connection are handled in turn: once this is confirmed, so is the one before it.
  await subscribe(client, 'on-off-barrier');
  const missed = collect(client, 'tick');
  await publisher.trigger('on-off', 'tick', 2);
  await count('tick at the witness', seen, 2);

  const again = collect(await subscribe(client, 'on-off'), 'tick');
  await publisher.trigger('on-off', 'tick', 3);
  await count('tick', again, 1);
  assert.deepEqual([got, missed, again], [[1], [3], [3]]);
});

test('a channel that is left before it was confirmed can be had again', async (t) => {
  const client = await connect(t, port);
  client.subscribe('hasty');
  client.unsubscribe('hasty');
  const got = collect(await subscribe(client, 'hasty'), 'tick');
  await publisher.trigger('hasty', 'tick', 1);
  assert.equal(await first('tick', got), 1);
});

test('a private channel opens for a client whose handler signs, and delivers', async (t) => {
  const client = await connect(t, port, authorizedBy(publisher, 'alice'));
  const got = collect(await subscribe(client, 'private-orders'), 'shipped');
  await publisher.trigger('private-orders', 'shipped', { id: 7 });
  assert.deepEqual(await first('shipped', got), { id: 7 });
});

test('members of a presence channel see one another come and go', async (t) => {
  const [alice, bob] = await Promise.all([
    connect(t, port, authorizedBy(publisher, 'alice')),
    connect(t, port, authorizedBy(publisher, 'bob')),
  ]);
  const room = await join(alice, 'presence-room');
  const added = collect(room, 'pusher:member_added');
  const removed = collect(room, 'pusher:member_removed');
  assert.deepEqual(room.members.me, { id: 'alice', info: { name: 'Alice' } });
  assert.equal(room.members.count, 1);

  const bobs = await join(bob, 'presence-room');
  assert.equal(bobs.members.count, 2);
  assert.deepEqual(bobs.members.get('alice'), { id: 'alice', info: { name: 'Alice' } });
  assert.deepEqual(await first('member_added', added), { id: 'bob', info: { name: 'Bob' } });
  assert.equal(room.members.count, 2);
  assert.deepEqual(room.members.get('bob'), { id: 'bob', info: { name: 'Bob' } });

  bob.unsubscribe('presence-room');
  assert.deepEqual(await first('member_removed', removed), { id: 'bob', info: { name: 'Bob' } });
  assert.equal(room.members.count, 1);
  assert.equal(room.members.get('bob'), null);

  await join(bob, 'presence-room');
  await count('member_added', added, 2);
  bob.disconnect();
  await count('member_removed', removed, 2);
  assert.equal(room.members.count, 1);
});

test('a user with two connections is one member, until the last of them is gone', async (t) => {
  const [watcher, tab, otherTab] = await Promise.all([
    connect(t, port, authorizedBy(publisher, 'alice')),
    connect(t, port, authorizedBy(publisher, 'bob')),
    connect(t, port, authorizedBy(publisher, 'bob')),
  ]);
  const room = await join(watcher, 'presence-tabs');
  const events: string[] = [];
  room.bind('pusher:member_added', () => events.push('added'));
  room.bind('pusher:member_removed', () => events.push('removed'));
  room.bind('marker', () => events.push('marker'));
  await join(tab, 'presence-tabs');
  const second = await join(otherTab, 'presence-tabs');
  assert.equal(second.members.count, 2);

  tab.disconnect();
  await until('one connection less', async () => {
    const answer = await publisher.get({ path: '/channels/presence-tabs', params: { info: 'subscription_count' } });
    const { subscription_count } = (await answer.json()) as { readonly subscription_count: number };
    return subscription_count === 2;
  });
  await publisher.trigger('presence-tabs', 'marker', {});
  await until('the marker', () => events.includes('marker'));
  otherTab.disconnect();
  await until('the end of the membership', () => events.includes('removed'));
  assert.deepEqual(events, ['added', 'marker', 'removed']);
});

test('a client event goes to the other clients of the channel and not back', async (t) => {
  const [alice, bob] = await Promise.all([
    connect(t, port, authorizedBy(publisher, 'alice')),
    connect(t, port, authorizedBy(publisher, 'bob')),
  ]);
  const alices = await subscribe(alice, 'private-chat');
  const bobs = await subscribe(bob, 'private-chat');
  const atAlice = collectSigned(alices, 'client-typing');
  const atBob = collectSigned(bobs, 'client-typing');
  alices.trigger('client-typing', { who: 'alice' });
  await count('client-typing', atBob, 1);
  bobs.trigger('client-typing', 'as a string');
  await count('client-typing', atAlice, 1);
  assert.deepEqual(atBob, [{ data: { who: 'alice' }, from: undefined }]);
  assert.deepEqual(atAlice, [{ data: 'as a string', from: undefined }]);
});

test('on a presence channel a client event says who sent it', async (t) => {
  const [alice, bob] = await Promise.all([
    connect(t, port, authorizedBy(publisher, 'alice')),
    connect(t, port, authorizedBy(publisher, 'bob')),
  ]);
  const alices = await join(alice, 'presence-chat');
  const got = collectSigned(await join(bob, 'presence-chat'), 'client-typing');
  alices.trigger('client-typing', { text: '…', user_id: 'mallory' });
  assert.deepEqual(await first('client-typing', got), { data: { text: '…', user_id: 'mallory' }, from: 'alice' });
});

test('private and presence channels open with what an endpoint answers over HTTP', async (t) => {
  await using backend = await Backend.listen(publisher);
  const client = await connect(t, port, authorizedOver(backend, 'carol'));
  const got = collect(await subscribe(client, 'private-over-http'), 'done');
  const room = await join(client, 'presence-over-http');
  assert.deepEqual(room.members.me, { id: 'carol', info: { name: 'Carol' } });
  await publisher.trigger('private-over-http', 'done', 1);
  await count('done', got, 1);
  assert.deepEqual(backend.asked, ['carol: private-over-http', 'carol: presence-over-http']);
});

test('a channel that the endpoint refuses gets a subscription error with its status', async (t) => {
  await using backend = await Backend.listen(publisher);
  const client = await connect(t, port, authorizedOver(backend, 'carol'));
  const errors = collect(client.subscribe(`private-${FORBIDDEN}`), 'pusher:subscription_error');
  const { type, status } = (await first('subscription_error', errors)) as {
    readonly type: string;
    readonly status: number;
  };
  assert.deepEqual([type, status], ['AuthError', 403]);
});

test('a signature made with another secret gives a subscription error on that channel and leaves the others alone', async (t) => {
  const client = await connect(t, port, authorizedBy(publisherOn(port, { secret: 'not the secret' }), 'alice'));
  const news = collect(await subscribe(client, 'news-of-the-refused'), 'told');
  const atConnection = collect(client.connection, 'error');
  const channel = client.subscribe('private-refused');
  const errors = collect(channel, 'pusher:subscription_error');
  const signed = `${client.connection.socket_id}:private-refused`;
  const { type, error, status } = (await first('subscription_error', errors)) as Readonly<Record<string, unknown>>;
  assert.deepEqual([type, status], ['AuthError', 401]);
  assert.ok(
    String(error).startsWith(`Invalid signature: Expected HMAC SHA256 hex digest of ${signed}, but got `),
    String(error),
  );
  assert.deepEqual(atConnection, [{ type: 'PusherError', data: { code: null, message: error } }]);
  assert.equal(channel.subscribed, false);
  await publisher.trigger(['private-refused', 'news-of-the-refused'], 'told', 1);
  await count('told', news, 1);
});

test('a client that is refused can subscribe once it signs rightly', async (t) => {
  let signer = publisherOn(port, { secret: 'not the secret' });
  const client = await connect(t, port, {
    channelAuthorization: {
      customHandler: ({ socketId, channelName }, callback) =>
        callback(null, signer.authorizeChannel(socketId, channelName)),
    },
  });
  const errors = collect(client.subscribe('private-second-try'), 'pusher:subscription_error');
  await count('subscription_error', errors, 1);
  signer = publisher;
  client.channel('private-second-try').subscribe();
  const got = collect(await subscribe(client, 'private-second-try'), 'told');
  await publisher.trigger('private-second-try', 'told', 1);
  await count('told', got, 1);
});

test('a user who signed in gets on every connection what is sent to that user', async (t) => {
  await using backend = await Backend.listen(publisher);
  const [phone, laptop, stranger] = await Promise.all([
    signIn(connect(t, port, authorizedOver(backend, 'dave'))),
    signIn(connect(t, port, authorizedOver(backend, 'dave'))),
    signIn(connect(t, port, authorizedOver(backend, 'eve'))),
  ]);
  const atStranger = collect(stranger.user, 'invoice');
  const got = [phone, laptop].map((client) => collect(client.user, 'invoice'));
  assert.deepEqual(phone.user.user_data, { id: 'dave', user_info: { name: 'Dave' } });
  await publisher.sendToUser('dave', 'invoice', { total: 12 });
  for (const one of got) assert.deepEqual(await first('invoice', one), { total: 12 });
  await publisher.sendToUser('eve', 'invoice', 'yours');
  await count('invoice', atStranger, 1);
  assert.deepEqual(atStranger, ['yours']);
});

async function signIn(connecting: Promise<Client>): Promise<Client> {
  const client = await connecting;
  client.signin();
  await until('the sign-in', () => isSignedIn(client));
  return client;
}
