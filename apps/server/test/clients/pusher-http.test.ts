import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import { APP, SluiceProcess, until } from '@sluice/testkit';
import Pusher from 'pusher';
import {
  authorizedBy,
  type Client,
  collect,
  connect,
  count,
  first,
  join,
  jsonOf,
  publisherOn,
  type Refused,
  subscribe,
} from './support.ts';

const server = await SluiceProcess.start({ workers: 3 });
after(() => server[Symbol.asyncDispose]());
const { port } = server;
const publisher = publisherOn(port);

test('the list of channels has those with subscribers on any worker, with what info asks for', async (t) => {
  const clients = await connectAll(t, ['alice', 'bob', 'bob']);
  await Promise.all(clients.map((client) => join(client, 'presence-list-room')));
  await Promise.all(clients.map((client) => subscribe(client, 'list-news')));

  assert.deepEqual(await jsonOf(publisher.get({ path: '/channels', params: { filter_by_prefix: 'list-' } })), {
    channels: { 'list-news': {} },
  });
  const params = { filter_by_prefix: 'presence-list-', info: 'user_count,subscription_count' };
  assert.deepEqual(await jsonOf(publisher.get({ path: '/channels', params })), {
    channels: { 'presence-list-room': { user_count: 2, subscription_count: 3 } },
  });
});

test('one channel says whether it is occupied, and its counts', async (t) => {
  const clients = await connectAll(t, ['alice', 'bob']);
  await Promise.all(clients.map((client) => join(client, 'presence-one')));
  assert.deepEqual(await jsonOf(publisher.get({ path: '/channels/presence-one' })), { occupied: true });
  const params = { info: 'user_count,subscription_count' };
  assert.deepEqual(await jsonOf(publisher.get({ path: '/channels/presence-one', params })), {
    occupied: true,
    user_count: 2,
    subscription_count: 2,
  });
  for (const client of clients) client.disconnect();
  await until('the channel to be vacated', async () => {
    const { occupied } = (await jsonOf(publisher.get({ path: '/channels/presence-one' }))) as {
      readonly occupied: boolean;
    };
    return !occupied;
  });
});

test('the users of a presence channel are listed once each', async (t) => {
  const clients = await connectAll(t, ['alice', 'bob', 'bob']);
  await Promise.all(clients.map((client) => join(client, 'presence-users')));
  const { users } = (await jsonOf(publisher.get({ path: '/channels/presence-users/users' }))) as {
    readonly users: readonly { readonly id: string }[];
  };
  assert.deepEqual(users.map(({ id }) => id).sort(), ['alice', 'bob']);
});

test('a trigger and a batch answer with what their info asks for', async (t) => {
  const clients = await connectAll(t, ['alice', 'bob']);
  await Promise.all(clients.map((client) => join(client, 'presence-info')));
  const info = 'user_count,subscription_count';
  assert.deepEqual(await jsonOf(publisher.trigger(['presence-info', 'nobody-here'], 'e', {}, { info })), {
    channels: { 'presence-info': { user_count: 2, subscription_count: 2 }, 'nobody-here': { subscription_count: 0 } },
  });
  const batch = [
    { channel: 'presence-info', name: 'e', data: 1, info },
    { channel: 'presence-info', name: 'e', data: 2 },
    { channel: 'nobody-here', name: 'e', data: 3, info: 'subscription_count' },
  ];
  assert.deepEqual(await jsonOf(publisher.triggerBatch(batch)), {
    batch: [{ user_count: 2, subscription_count: 2 }, {}, { subscription_count: 0 }],
  });
  assert.deepEqual(await jsonOf(publisher.trigger('nobody-here', 'e', {})), {});
});

test('a publisher made from a URL works like any other', async (t) => {
  const fromUrl = Pusher.forURL(`http://${APP.key}:${APP.secret}@127.0.0.1:${port}/apps/${APP.id}`);
  const got = collect(await subscribe(await connect(t, port), 'from-url'), 'told');
  await fromUrl.trigger('from-url', 'told', 'hello');
  assert.equal(await first('told', got), 'hello');
});

test('a request that is signed with another secret fails with 401 and says what should have been signed', async () => {
  const refused = await refusalOf(publisherOn(port, { secret: 'not the secret' }).trigger('news', 'e', {}));
  assert.equal(refused.status, 401);
  assert.match(
    refused.body,
    /^Invalid signature: you should have sent HmacSHA256Hex\("POST\\n\/apps\/1001\/events\\nauth_key=.+", your_secret_key\), but you sent "[0-9a-f]{64}"\n$/,
  );
});

test('a request with a key that no app has fails with 401 and names the key', async () => {
  const refused = await refusalOf(publisherOn(port, { key: 'nobodys-key' }).get({ path: '/channels' }));
  assert.deepEqual(refused, {
    status: 401,
    body: 'Unknown auth_key: App key nobodys-key not in this cluster. Did you forget to specify the cluster?\n',
  });
});

test('a batch of more than ten events fails with 400, and none of them is sent', async (t) => {
  const got = collect(await subscribe(await connect(t, port), 'batches'), 'e');
  const batch = (size: number): Pusher.BatchEvent[] =>
    Array.from({ length: size }, (_, n) => ({ channel: 'batches', name: 'e', data: n }));
  assert.deepEqual(await refusalOf(publisher.triggerBatch(batch(11))), {
    status: 400,
    body: 'Batch too large (11 > 10)\n',
  });
  await publisher.triggerBatch(batch(10));
  await count('events', got, 10);
  assert.deepEqual(got, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('an event of 10241 bytes fails with 413, and one of 10240 arrives', async (t) => {
  const got = collect(await subscribe(await connect(t, port), 'large'), 'e');
  assert.deepEqual(await refusalOf(publisher.trigger('large', 'e', 'x'.repeat(10_241))), {
    status: 413,
    body: 'The data content of this event exceeds the allowed maximum (10240 bytes).\n',
  });
  await publisher.trigger('large', 'e', 'y'.repeat(10_240));
  await count('events', got, 1);
  assert.deepEqual(got, ['y'.repeat(10_240)]);
});

test('users can be asked for on presence channels only', async () => {
  assert.deepEqual(await refusalOf(publisher.get({ path: '/channels/news/users' })), {
    status: 400,
    body: 'Users can only be retrieved for presence channels\n',
  });
});

test('what is published to an encrypted channel is enciphered on the wire and arrives deciphered', async (t) => {
  const client = await connect(t, port, authorizedBy(publisher, 'alice'));
  const frames = collect(client.connection, 'message');
  const got = collect(await subscribe(client, 'private-encrypted-x'), 'told');
  await publisher.trigger('private-encrypted-x', 'told', { text: 'nobody else reads this: 水' });
  await publisher.triggerBatch([{ channel: 'private-encrypted-x', name: 'told', data: 'in a batch' }]);
  await count('events', got, 2);
  assert.deepEqual(got, [{ text: 'nobody else reads this: 水' }, 'in a batch']);
  const sent = JSON.stringify(frames);
  assert.ok(sent.includes('ciphertext'), sent);
  assert.ok(!sent.includes('nobody else reads'), sent);
});

function connectAll(t: TestContext, userIds: readonly string[]): Promise<Client[]> {
  return Promise.all(userIds.map((userId) => connect(t, port, authorizedBy(publisher, userId))));
}

/** Status and text of the error that the library throws. */
async function refusalOf(
  request: Promise<unknown>,
): Promise<{ readonly status: number | undefined; readonly body: string }> {
  const error = await request.then(
    () => assert.fail('the request was not refused'),
    (error: unknown) => error,
  );
  assert.ok(error instanceof Pusher.RequestError, String(error));
  const { status, body } = error as Refused;
  return { status, body: body ?? '' };
}
