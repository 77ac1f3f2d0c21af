import assert from 'node:assert/strict';
import { after, suite, type TestContext, test } from 'node:test';
import { type Algorithm, eq, type InstalledDeltas, installDeltas, oneOf } from '@sluice/client';
import { ApiClient, APP, CuttingProxy, RawClient, SluiceProcess, until } from '@sluice/testkit';
import { applyDelta } from 'fossil-delta';
import Echo from 'laravel-echo';
import PusherJs from 'pusher-js';
import { authorizedBy, collect, connect, count, join, publisherOn, subscribe } from './support.ts';

const server = await SluiceProcess.start({ workers: 2 });
after(() => server[Symbol.asyncDispose]());
const publisher = publisherOn(server.port);
const api = new ApiClient(server.port);
after(() => api[Symbol.dispose]());
/** Events of clients that never heard of deltas. */
const USUAL = /^(?:document|pusher:cache_miss|pusher(?:_internal)?:(?:subscription_\w+|member_\w+))$/;
const MANY = 40;

/** A document of about 1 KB. */
function documentOf(version: number): object {
  const lines = Array.from({ length: 16 }, (_, line) => ({
    line,
    // Each version changes one line.
    text: `What stands in line ${line}, ${version - ((version - line + 16) % 16)}`,
  }));
  return { version, lines };
}

interface Publication {
  readonly channel: string;
  readonly version: number;
  readonly more?: object;
}

async function publish({ channel, version, more }: Publication): Promise<void> {
  const body = { name: 'document', channel, data: JSON.stringify(documentOf(version)), ...more };
  const { status, text } = await api.send({ method: 'POST', path: '/events', body });
  assert.equal(status, 200, text);
}

async function publishMany(channel: string, from = 1, to = MANY): Promise<void> {
  for (let version = from; version <= to; version++) await publish({ channel, version });
}

function documents(from = 1, to = MANY): object[] {
  return Array.from({ length: to - from + 1 }, (_, n) => documentOf(from + n));
}

function install(t: TestContext, options?: Parameters<typeof installDeltas>[1]): InstalledDeltas {
  const deltas = installDeltas(PusherJs, { onError: (error) => t.diagnostic(error.message), ...options });
  t.after(() => deltas.uninstall());
  return deltas;
}

/** One that never heard of deltas. */
async function plainOn(channel: string): Promise<RawClient> {
  const client = await RawClient.connect(server.wsUrl);
  if (channel.startsWith('presence-')) await client.subscribePresence(channel, { user_id: 'plain' });
  else await client.subscribe(channel);
  return client;
}

/** That a plain client got the same, each event with the members that it has without deltas and no other. */
function assertPlain({ texts }: RawClient, channel: string, wanted: readonly object[]): void {
  const frames = texts.slice(1).map((text) => JSON.parse(text) as Record<string, unknown>);
  for (const { event } of frames) assert.match(String(event), USUAL);
  assert.deepEqual(
    frames.filter(({ event }) => event === 'document'),
    wanted.map((document) => ({ event: 'document', channel, data: JSON.stringify(document) })),
  );
}

suite('pusher-js with deltas', () => {
  for (const channel of ['documents', 'private-documents', 'presence-documents', 'cache-documents']) {
    for (const algorithm of ['fossil', 'xdelta3'] as const) {
      test(`gets on ${channel} by ${algorithm} what it gets without`, async (t) => {
        await getsTheSame(t, `${channel}-${algorithm}`, algorithm);
      });
    }
  }
});

async function getsTheSame(t: TestContext, channel: string, algorithm: Algorithm): Promise<void> {
  const deltas = install(t, { algorithms: [algorithm] });
  const client = await connect(t, server.port, authorizedBy(publisher, 'alice'));
  await using plain = await plainOn(channel);
  const got = collect(await subscribe(client, channel), 'document');
  const everything: string[] = [];
  client.bind_global((event: string) => everything.push(event));
  await publishMany(channel);
  await count('documents', got, MANY);
  await until('the plain documents', () => plain.texts.filter((text) => text.includes('"document"')).length >= MANY);
  assert.deepEqual(got, documents());
  assertPlain(plain, channel, documents());
  for (const event of everything) assert.match(event, USUAL);
  const { deltas: number, failures, bytesReceived, bytesDelivered } = deltas.stats();
  assert.equal(failures, 0);
  assert.ok(number > MANY * 0.8, `${number} deltas`);
  assert.ok(bytesReceived < bytesDelivered / 2, `${bytesReceived} bytes for ${bytesDelivered}`);
}

test('Laravel Echo with deltas hears each event once, and whole', async (t) => {
  const deltas = install(t);
  const echo = new Echo({
    broadcaster: 'reverb',
    key: APP.key,
    wsHost: '127.0.0.1',
    wsPort: server.port,
    forceTLS: false,
    enabledTransports: ['ws'],
    Pusher: PusherJs,
    withoutInterceptors: true,
  });
  t.after(() => echo.disconnect());
  const got: unknown[] = [];
  const channel = echo.channel('echo-documents').listen('.document', (data: unknown) => got.push(data));
  await until(
    'the subscription',
    () => (channel as unknown as { subscription: { subscribed: boolean } }).subscription.subscribed,
  );
  await publishMany('echo-documents');
  await count('documents', got, MANY);
  assert.deepEqual(got, documents());
  assert.ok(deltas.stats().deltas > MANY * 0.8);
});

test('events of a batch are deltas of each other', async (t) => {
  const deltas = install(t);
  const got = collect(await subscribe(await connect(t, server.port), 'batch-documents'), 'document');
  const batch = documents(1, 10).map((data) => ({
    name: 'document',
    channel: 'batch-documents',
    data: JSON.stringify(data),
  }));
  const { status } = await api.send({ method: 'POST', path: '/batch_events', body: { batch } });
  assert.equal(status, 200);
  await count('documents', got, 10);
  assert.deepEqual(got, documents(1, 10));
  assert.equal(deltas.stats().deltas, 9);
});

test('client events come as deltas too', async (t) => {
  const deltas = install(t);
  const alice = await connect(t, server.port, authorizedBy(publisher, 'alice'));
  const bob = await connect(t, server.port, authorizedBy(publisher, 'bob'));
  const channel = await join(alice, 'presence-typing');
  const got = collect(await join(bob, 'presence-typing'), 'client-document');
  for (const document of documents(1, 5)) channel.trigger('client-document', document);
  await count('documents', got, 5);
  assert.deepEqual(got, documents(1, 5));
  assert.equal(deltas.stats().deltas, 4);
});

test('a connection that is cut goes on without a wrong document, whichever worker it comes to', async (t) => {
  const deltas = install(t);
  await using proxy = await CuttingProxy.listen(server.port);
  const client = await connect(t, proxy.port);
  const channel = await subscribe(client, 'cut-documents');
  const got = collect(channel, 'document');
  for (let round = 0; round < 4; round++) {
    const from = round * 10 + 1;
    await publishMany('cut-documents', from, from + 9);
    await until('the documents', () => (got.at(-1) as { readonly version?: number } | undefined)?.version === from + 9);
    const { socket_id: before } = client.connection;
    proxy.cutAll();
    await until(
      'the connection',
      () => client.connection.socket_id !== before && client.connection.state === 'connected',
    );
    await until('the subscription', () => channel.subscribed);
  }
  assert.deepEqual(got, documents(1, 40));
  assert.equal(deltas.stats().failures, 0);
  assert.ok(deltas.stats().deltas > 30, `${deltas.stats().deltas} deltas`);
});

test('a channel without deltas gets whole messages, and so does an event with delta: false', async (t) => {
  const deltas = install(t, { channels: { 'whole-documents': { delta: false } } });
  const client = await connect(t, server.port);
  const whole = collect(await subscribe(client, 'whole-documents'), 'document');
  await publishMany('whole-documents', 1, 5);
  await count('documents', whole, 5);
  assert.deepEqual(whole, documents(1, 5));
  assert.deepEqual([deltas.stats().deltas, deltas.stats().fulls], [0, 0]);
  const some = collect(await subscribe(client, 'some-documents'), 'document');
  for (let version = 1; version <= 6; version++) {
    await publish({ channel: 'some-documents', version, more: { delta: version % 2 === 0 } });
  }
  await count('documents', some, 6);
  assert.deepEqual(some, documents(1, 6));
  assert.deepEqual([deltas.stats().deltas, deltas.stats().fulls], [2, 1]);
});

test('a filter holds back what it is not for, also after it has changed', async (t) => {
  const deltas = install(t, { channels: { 'filtered-*': { filter: eq('region', 'eu') } } });
  const client = await connect(t, server.port);
  const errors = collect(client.connection, 'error');
  const got = collect(await subscribe(client, 'filtered-documents'), 'document');
  const all = collect(await subscribe(client, 'all-documents'), 'document');
  const regions = ['eu', 'us', 'asia'];
  const round = async (from: number): Promise<void> => {
    for (const [n, region] of regions.entries()) {
      const more = { channel: undefined, channels: ['filtered-documents', 'all-documents'], tags: { region } };
      await publish({ channel: '', version: from + n, more });
    }
    await count('documents', all, from + 2);
  };
  await round(1);
  await round(4);
  deltas.channel('filtered-*', { filter: oneOf('region', ['us', 'asia']) });
  await until('the filter', async () => {
    await publish({ channel: 'filtered-documents', version: 100, more: { tags: { region: 'us' } } });
    return got.length > 2;
  });
  // One that was published for nothing but that may still come.
  const isOfRound = (document: unknown): boolean => (document as { readonly version: number }).version < 100;
  got.splice(0);
  await round(7);
  deltas.channel('filtered-*', undefined);
  await until('the filter', async () => {
    await publish({ channel: 'filtered-documents', version: 200 });
    return got.some((document) => (document as { readonly version: number }).version === 200);
  });
  assert.deepEqual(got.filter(isOfRound), [documentOf(8), documentOf(9)]);
  assert.deepEqual(all, documents(1, 9));
  assert.deepEqual(errors, []);
  assert.equal(deltas.stats().failures, 0);
});

test('documents that take turns are deltas of their own kind under their keys', async (t) => {
  const deltas = install(t);
  const got = collect(await subscribe(await connect(t, server.port), 'keyed-documents'), 'document');
  await using plain = await plainOn('keyed-documents');
  for (let version = 1; version <= 20; version++) {
    await publish({ channel: 'keyed-documents', version, more: { conflation_key: `k${version % 2}` } });
  }
  await count('documents', got, 20);
  assert.deepEqual(got, documents(1, 20));
  assert.equal(deltas.stats().failures, 0);
  assert.ok(deltas.stats().deltas >= 16, `${deltas.stats().deltas} deltas`);
  await until('the plain documents', () => plain.texts.length >= 22);
  assertPlain(plain, 'keyed-documents', documents(1, 20));
});

test('a delta that cannot be decoded costs one event at most: the client begins anew by itself', async (t) => {
  let decoded = 0;
  const deltas = install(t, {
    algorithms: ['fossil'],
    decoders: {
      fossil: () =>
        Promise.resolve((base, delta) => {
          if (++decoded % 7 === 0) throw new Error('broken on purpose');
          return applyDelta(base, delta);
        }),
    },
  });
  const got = collect(await subscribe(await connect(t, server.port), 'broken-documents'), 'document');
  await publishMany('broken-documents');
  await publish({ channel: 'broken-documents', version: MANY + 1, more: { delta: false } });
  await until('the last', () => (got.at(-1) as { readonly version?: number } | undefined)?.version === MANY + 1);
  const { failures, resyncs } = deltas.stats();
  assert.ok(failures > 0 && resyncs > 0, `${failures} failures, ${resyncs} resyncs`);
  const versions = new Set(got.map((document) => (document as { readonly version: number }).version));
  assert.equal(versions.size, MANY + 1 - failures);
  assert.deepEqual(
    got,
    documents(1, MANY + 1).filter((_, n) => versions.has(n + 1)),
  );
});
