import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { APP, SluiceProcess } from '@sluice/testkit';
import type Pusher from 'pusher';
import type { Options } from 'pusher-js';
import { type Client, collect, connect, count, first, publisherOn, subscribe } from './support.ts';

const app = { ...APP, enable_subscription_count_events: true, enable_watchlist_events: true };
const server = await SluiceProcess.start({ workers: 3, config: { app_manager: { array: { apps: [app] } } } });
after(() => server[Symbol.asyncDispose]());
const { port } = server;
const publisher = publisherOn(port);

/** Signs in without a request, watching others. */
function signedInBy(by: Pusher, user: { readonly id: string; readonly watchlist?: string[] }): Partial<Options> {
  return {
    userAuthentication: {
      endpoint: '',
      transport: 'ajax',
      customHandler: ({ socketId }, callback) => callback(null, by.authenticateUser(socketId, user)),
    },
  };
}

async function signIn(client: Client): Promise<Client> {
  client.signin();
  await client.user.signinDonePromise;
  return client;
}

test('a cache channel says that it is empty, and later gives its last event to newcomers', async (t) => {
  const client = await connect(t, port);
  const channel = client.subscribe('cache-price');
  const [misses, prices] = [collect(channel, 'pusher:cache_miss'), collect(channel, 'price')];
  await first('pusher:cache_miss', misses);
  for (const price of [1, 2, 3]) await publisher.trigger('cache-price', 'price', { price });
  await count('price', prices, 3);
  const late = (await connect(t, port)).subscribe('cache-price');
  const [noMisses, last] = [collect(late, 'pusher:cache_miss'), collect(late, 'price')];
  assert.deepEqual(await first('price', last), { price: 3 });
  await publisher.trigger('cache-price', 'price', { price: 4 });
  await count('price', last, 2);
  assert.deepEqual([noMisses, last], [[], [{ price: 3 }, { price: 4 }]]);
});

test('a channel says how many its subscribers are, whichever worker they are on', async (t) => {
  const client = await connect(t, port);
  const counts = collect(client.subscribe('counted'), 'pusher:subscription_count');
  const others = [await connect(t, port), await connect(t, port)];
  for (const other of others) await subscribe(other, 'counted');
  await count('pusher:subscription_count', counts, 3);
  assert.deepEqual(
    counts,
    [1, 2, 3].map((n) => ({ subscription_count: n })),
  );
  others[0]?.disconnect();
  await count('pusher:subscription_count', counts, 4);
  assert.deepEqual(counts.at(-1), { subscription_count: 2 });
});

test('a user who watches others hears of them coming and going', async (t) => {
  const friend = await signIn(await connect(t, port, signedInBy(publisher, { id: 'friend' })));
  const watcher = await connect(t, port, signedInBy(publisher, { id: 'watcher', watchlist: ['friend', 'nobody'] }));
  const [online, offline] = [collect(watcher.user.watchlist, 'online'), collect(watcher.user.watchlist, 'offline')];
  await signIn(watcher);
  await count('online', online, 1);
  await count('offline', offline, 1);
  assert.deepEqual(
    [online, offline],
    [[{ name: 'online', user_ids: ['friend'] }], [{ name: 'offline', user_ids: ['nobody'] }]],
  );
  friend.disconnect();
  await count('offline', offline, 2);
  assert.deepEqual(offline.at(-1), { name: 'offline', user_ids: ['friend'] });
});
