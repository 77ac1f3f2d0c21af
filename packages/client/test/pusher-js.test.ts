import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { until } from '@sluice/testkit';
import Echo from 'laravel-echo';
import PusherJs from 'pusher-js';
import { eq, type DeltaOptions, type InstalledDeltas, installDeltas } from '../src/index.ts';
import { delta, full, plain } from './link.ts';
import { ScriptedServer } from './scripted-server.ts';

/** The module is the class itself at run time, while its types describe a default export. */
const Pusher = PusherJs as unknown as typeof PusherJs.default;

async function setUp(
  t: TestContext,
  options?: DeltaOptions,
): Promise<{ server: ScriptedServer; deltas: InstalledDeltas }> {
  const server = await ScriptedServer.listen();
  const deltas = installDeltas(Pusher, options);
  t.after(async () => {
    deltas.uninstall();
    await server[Symbol.asyncDispose]();
  });
  return { server, deltas };
}

function optionsFor({ port }: ScriptedServer): {
  wsHost: string;
  wsPort: number;
  forceTLS: false;
  enabledTransports: ['ws'];
} {
  return { wsHost: '127.0.0.1', wsPort: port, forceTLS: false, enabledTransports: ['ws'] };
}

describe('unmodified pusher-js', () => {
  it('gets the events of deltas as if they were whole, and sends the filter of a channel', async (t) => {
    const { server, deltas } = await setUp(t);
    deltas.channel('market-data', { filter: eq('asset', 'BTC') });
    const client = new Pusher('key', { cluster: 'local', ...optionsFor(server) });
    t.after(() => client.disconnect());
    const errors: unknown[] = [];
    client.connection.bind('error', (error: unknown) => errors.push(error));
    const everything: string[] = [];
    client.bind_global((event: string) => everything.push(event));
    const prices: unknown[] = [];
    const channel = client.subscribe('market-data').bind('price-update', (data: unknown) => prices.push(data));
    await until('the subscription', () => channel.subscribed);
    assert.deepEqual((await server.sent('pusher:subscribe')).data, {
      filter: { key: 'asset', cmp: 'eq', val: 'BTC' },
      auth: '',
      channel: 'market-data',
    });
    server.send(
      full(plain('1'), 1, 'BTC'),
      delta({ base: plain('1'), target: plain('2'), seq: 2, baseSeq: 1, key: 'BTC' }),
      delta({ base: plain('2'), target: plain('3'), seq: 3, baseSeq: 2, key: 'BTC', algorithm: 'xdelta3' }),
    );
    await until('the prices', () => prices.length === 3);
    assert.deepEqual(
      prices,
      ['1', '2', '3'].map((price) => ({ asset: 'BTC', price })),
    );
    assert.deepEqual(
      everything.filter((event) => event.includes('delta')),
      [],
    );
    assert.deepEqual(errors, []);
    assert.equal(deltas.stats().deltas, 2);
    deltas.resetStats();
    assert.equal(deltas.stats().bytesReceived, 0);
  });

  it('connects again, and begins anew, after its connection is lost', async (t) => {
    const { server } = await setUp(t);
    const client = new Pusher('key', { cluster: 'local', ...optionsFor(server) });
    t.after(() => client.disconnect());
    const prices: unknown[] = [];
    const channel = client.subscribe('market-data').bind('price-update', (data: unknown) => prices.push(data));
    await until('the subscription', () => channel.subscribed);
    server.send(full(plain('1'), 1));
    await until('the price', () => prices.length === 1);
    server.latest.close(4200);
    await until('the second connection', () => server.connections.length === 2);
    await until(
      'the second subscription',
      () => server.received.filter(({ event }) => event === 'pusher:subscribe').length === 2,
    );
    // A base of the first connection is none of the second.
    server.send(delta({ base: plain('1'), target: plain('2'), seq: 2, baseSeq: 1 }));
    await server.sent('pusher:delta_sync_error');
    server.send(full(plain('2'), 2));
    await until('the price', () => prices.length === 2);
  });

  it('turns to whole messages by itself where deltas always fail', async (t) => {
    const { server, deltas } = await setUp(t);
    const client = new Pusher('key', { cluster: 'local', ...optionsFor(server) });
    t.after(() => client.disconnect());
    const channel = client.subscribe('market-data');
    await until('the subscription', () => channel.subscribed);
    const broken = delta({ base: plain('1'), target: plain('2'), seq: 2, baseSeq: 1, algorithm: 'xdelta3' }).replace(
      '1s',
      '0s',
    );
    for (let round = 0; round < 6; round++) server.send(full(plain('1'), 1), broken);
    await until('the subscription without deltas', () => server.received.some(({ data }) => data['delta'] === false));
    assert.equal(server.connections.length, 2);
    assert.equal(deltas.stats().resyncs, 5);
  });

  it('is as it was after the uninstall, and takes no second install before', async (t) => {
    const server = await ScriptedServer.listen();
    t.after(() => server[Symbol.asyncDispose]());
    const deltas = installDeltas(Pusher);
    assert.throws(() => installDeltas(Pusher), /installed in this pusher-js already/u);
    deltas.uninstall();
    const client = new Pusher('key', { cluster: 'local', ...optionsFor(server) });
    t.after(() => client.disconnect());
    await until('the connection', () => client.connection.state === 'connected');
    client.subscribe('market-data');
    await server.sent('pusher:subscribe');
    assert.equal(server.received.length, 1);
    assert.throws(() => installDeltas({ Runtime: {} }), /not the class of pusher-js/u);
  });
});

describe('unmodified laravel-echo', () => {
  it('hears the events of deltas', async (t) => {
    const { server, deltas } = await setUp(t, { channels: { 'market-*': { delta: 'fossil' } } });
    const echo = new Echo<'reverb'>({
      broadcaster: 'reverb',
      key: 'key',
      Pusher: PusherJs,
      withoutInterceptors: true,
      ...optionsFor(server),
    });
    t.after(() => echo.disconnect());
    const prices: unknown[] = [];
    echo.channel('market-data').listen('.price-update', (data: unknown) => prices.push(data));
    const { data } = await server.sent('pusher:subscribe');
    assert.equal(data['delta'], 'fossil');
    server.send(full(plain('1'), 1), delta({ base: plain('1'), target: plain('2'), seq: 2, baseSeq: 1 }));
    await until('the prices', () => prices.length === 2);
    assert.deepEqual(prices[1], { asset: 'BTC', price: '2' });
    assert.equal(deltas.stats().deltas, 1);
  });
});
