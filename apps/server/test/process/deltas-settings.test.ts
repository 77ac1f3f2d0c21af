import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient, RawClient, type SluiceProcess, until } from '@sluice/testkit';
import { DeltaFollower } from './delta-follower.ts';
import { publish, type Published, startDeltaServer, times } from './delta-server.ts';
import { connectionsByWorker, dataOf, sumOf, untilMetric } from './support.ts';

/** As long as messages are whose deltas are made in the pool. */
const LONG = Array.from({ length: 4000 }, (_, i) => `item ${i} `).join('');

/** In the order in which they came. */
function valuesOf(client: RawClient): unknown[] {
  return dataOf(client, 'e').map((data) => (data as Published).value);
}

describe('Settings of deltas and filters, when they are set', () => {
  const config = {
    delta_compression: {
      algorithm: 'Xdelta3',
      full_message_interval: 3,
      min_message_size: 400,
      max_channel_states_per_socket: 2,
      max_conflation_states_per_channel: 2,
      conflation_key_path: 'item.id',
      omit_delta_algorithm: true,
      pool: { threads: 0 },
    },
    tag_filtering: { enable_tags: false },
  };
  const started = startDeltaServer({ config });

  it('algorithm, omit_delta_algorithm: clients are told the algorithm once, and its deltas do not name it', async () => {
    const server = await started;
    await using client = await DeltaFollower.connect(server.wsUrl);
    await using plain = await RawClient.connect(server.wsUrl);
    assert.deepEqual(client.told, { enabled: true, algorithm: 'xdelta3' });
    await client.subscribe('news');
    await plain.subscribe('news');
    using api = new ApiClient(server.port);
    await publish(api, ...times(2, { channel: 'news' }));
    const [full, delta] = await client.messages(2);
    assert.deepEqual([full?.form, delta?.form, delta?.algorithm], ['full', 'delta', undefined]);
    await until('the plain messages', () => dataOf(plain, 'e').length === 2);
    assert.deepEqual([full?.text, delta?.text], plain.texts.slice(-2));
  });

  it('deltas come as binary messages to a client that takes them so, and to no other', async () => {
    const server = await started;
    const clients = await Promise.all([true, false].map(() => RawClient.connect(server.wsUrl)));
    for (const [i, client] of clients.entries()) {
      client.send({ event: 'pusher:enable_delta_compression', data: { algorithms: ['fossil'], binary: i === 0 } });
      await client.next('pusher:delta_compression_enabled');
      await client.subscribe('bytes');
    }
    using api = new ApiClient(server.port);
    await publish(api, ...times(2, { channel: 'bytes' }));
    const [asBytes, asJson] = clients;
    await until('both deltas', () => asBytes?.binaries.length === 1 && asJson?.texts.at(-1)?.includes('pusher:delta"'));
    // Its first byte names the algorithm.
    assert.equal(asBytes?.binaries[0]?.[0], 1);
    assert.deepEqual([asJson?.binaries, asBytes?.texts.filter((text) => text.includes('pusher:delta"'))], [[], []]);
    for (const client of clients) await client.close();
  });

  it('full_message_interval: after so many deltas there is a full message', async () => {
    const server = await started;
    await using client = await DeltaFollower.connect(server.wsUrl);
    await client.subscribe('interval');
    using api = new ApiClient(server.port);
    await publish(api, ...times(6, { channel: 'interval' }));
    assert.deepEqual(await client.forms(6), ['full', 'delta', 'delta', 'delta', 'full', 'delta']);
  });

  it('min_message_size: a message of fewer bytes is plain', async () => {
    const server = await started;
    await using client = await DeltaFollower.connect(server.wsUrl);
    await client.subscribe('sizes');
    using api = new ApiClient(server.port);
    await publish(api, { channel: 'sizes', text: 'x'.repeat(250) }, { channel: 'sizes', text: 'x'.repeat(400) });
    assert.deepEqual(await client.forms(2), ['plain', 'full']);
  });

  it('max_channel_states_per_socket: on further channels messages are plain', async () => {
    const server = await started;
    await using client = await DeltaFollower.connect(server.wsUrl);
    for (const channel of ['first', 'second', 'third']) await client.subscribe(channel);
    using api = new ApiClient(server.port);
    await publish(api, { channel: 'first' }, { channel: 'second' }, { channel: 'third' });
    assert.deepEqual(await client.forms(3), ['full', 'full', 'plain']);
  });

  it('conflation_key_path, max_conflation_states_per_channel: each key has its own bases, until there are too many', async () => {
    const server = await started;
    await using client = await DeltaFollower.connect(server.wsUrl);
    await client.subscribe('keys');
    using api = new ApiClient(server.port);
    const channel = 'keys';
    await publish(api, ...['a', 'b', 'a', 'b', 'c', 'a'].map((key) => ({ channel, key })));
    assert.deepEqual(await client.forms(6), ['full', 'full', 'delta', 'delta', 'full', 'full']);
    assert.ok(client.client.texts.some((text) => text.endsWith(',"__conflation_key":"b"}')));
  });

  it('pool.threads: 0 makes deltas of long messages in the worker itself', async () => {
    const server = await started;
    await using client = await DeltaFollower.connect(server.wsUrl);
    await client.subscribe('long');
    using api = new ApiClient(server.port);
    await publish(api, ...times(2, { channel: 'long', text: LONG }));
    assert.deepEqual(await client.forms(2), ['full', 'delta']);
    assert.equal(sumOf(await server.exposition(), 'delta_pool_tasks_total'), 0);
  });

  it('tag_filtering.enable_tags: false keeps tags from subscribers, and filters all the same', async () => {
    const server = await started;
    await using client = await RawClient.connect(server.wsUrl);
    const filter = { key: 'a', cmp: 'eq', val: '1' };
    client.send({ event: 'pusher:subscribe', data: { channel: 'news', filter } });
    await client.next('pusher_internal:subscription_succeeded');
    using api = new ApiClient(server.port);
    await publish(
      api,
      { channel: 'news', tags: { a: '2' }, value: 2 },
      { channel: 'news', tags: { a: '1' }, value: 1 },
    );
    await until('the message that fits', () => valuesOf(client).length > 0);
    assert.deepEqual(valuesOf(client), [1]);
    assert.ok(!client.texts.at(-1)?.includes('"tags"'));
  });
});

describe('Settings of deltas that are left out, and others', () => {
  const config = { delta_compression: { max_state_age_secs: 1, pool: { max_queue: 1, deadline_ms: 1 } } };
  const started = startDeltaServer({ config });

  it('algorithm: fossil, and deltas say so', async () => {
    const server = await started;
    await using client = await DeltaFollower.connect(server.wsUrl);
    assert.deepEqual(client.told, { enabled: true, algorithm: 'fossil' });
    await client.subscribe('news');
    using api = new ApiClient(server.port);
    await publish(api, ...times(2, { channel: 'news' }));
    assert.equal((await client.messages(2))[1]?.algorithm, 'fossil');
  });

  it('max_state_age_secs: a message that is older is no base', async () => {
    const server = await started;
    await using client = await DeltaFollower.connect(server.wsUrl);
    await client.subscribe('ages');
    using api = new ApiClient(server.port);
    await publish(api, ...times(2, { channel: 'ages' }));
    assert.deepEqual(await client.forms(2), ['full', 'delta']);
    await sleep(1100);
    await publish(api, { channel: 'ages' });
    assert.deepEqual(await client.forms(1), ['full']);
  });

  it('pool.max_queue, pool.deadline_ms: what is late or too much goes out in full', async () => {
    const server = await started;
    await using client = await DeltaFollower.connect(server.wsUrl);
    const channels = ['big-1', 'big-2', 'big-3', 'big-4'];
    for (const channel of channels) await client.subscribe(channel);
    using api = new ApiClient(server.port);
    for (let round = 0; round < 2; round++) await publish(api, ...channels.map((channel) => ({ channel, text: LONG })));
    // The first thread takes longer to start than any message may wait.
    assert.deepEqual(await client.forms(8), Array<string>(8).fill('full'));
    const exposition = await server.exposition();
    const lost = (outcome: string): number => sumOf(exposition, 'delta_pool_tasks_total', { outcome });
    assert.ok(lost('late') > 0 && lost('refused') > 0, `${lost('late')} late, ${lost('refused')} refused`);
  });
});

describe('Deltas and filters that are turned off', () => {
  const section = { enabled: false, conflation_key_path: 'item.id', conflation_interval_ms: 200 };
  const started = startDeltaServer({
    config: { delta_compression: section, tag_filtering: { enabled: false } },
  });

  it('delta_compression.enabled: false is told, and nobody gets deltas', async () => {
    const server = await started;
    await using client = await DeltaFollower.connect(server.wsUrl);
    assert.deepEqual(client.told, { enabled: false });
    await client.subscribe('news');
    await client.subscribe('asked', { delta: 'fossil' });
    using api = new ApiClient(server.port);
    for (const channel of ['news', 'asked']) await publish(api, ...times(2, { channel }));
    assert.deepEqual(await client.forms(4), Array<string>(4).fill('plain'));
  });

  it('conflation_key_path, conflation_interval_ms: without deltas, the newest message of a key', async () => {
    const server = await started;
    await using client = await RawClient.connect(server.wsUrl);
    await client.subscribe('prices');
    using api = new ApiClient(server.port);
    await publish(api, ...[0, 1, 2, 3, 4].map((value) => ({ channel: 'prices', key: 'a', value })));
    await until('the last', () => valuesOf(client).length >= 2);
    assert.deepEqual(valuesOf(client), [0, 4]);
    await untilMetric(server, 'ws_messages_conflated_total', 3);
  });

  it('tag_filtering.enabled: false refuses a subscription with a filter', async () => {
    const server = await started;
    await using client = await RawClient.connect(server.wsUrl);
    const filter = { key: 'a', cmp: 'eq', val: '1' };
    client.send({ event: 'pusher:subscribe', data: { channel: 'news', filter } });
    assert.match(JSON.stringify((await client.next('pusher:error')).data), /tag filtering is turned off/);
  });
});

describe('Workers with an interval of three', () => {
  /** One subscriber at the worker that publishes and, from its third message on, one at another; what the latter gets. */
  async function formsElsewhere(server: SluiceProcess): Promise<readonly string[]> {
    using api = new ApiClient(server.port);
    const busiest = (before: ReadonlyMap<number, number>): number | undefined =>
      [...connectionsByWorker(server)].find(([pid, count]) => count > (before.get(pid) ?? 0))?.[0];
    const none = connectionsByWorker(server);
    await publish(api, { channel: 'warm' });
    const publisher = busiest(none);
    await using stack = new AsyncDisposableStack();
    const followers = new Map<boolean, DeltaFollower>();
    while (followers.size < 2) {
      const before = connectionsByWorker(server);
      const client = stack.use(await DeltaFollower.connect(server.wsUrl));
      followers.set(busiest(before) === publisher, client);
    }
    const [near, far] = [followers.get(true), followers.get(false)];
    assert.ok(near !== undefined && far !== undefined);
    await near.subscribe('news');
    await publish(api, ...times(2, { channel: 'news' }));
    assert.deepEqual(await near.forms(2), ['full', 'delta']);
    await far.subscribe('news');
    await publish(api, ...times(3, { channel: 'news' }));
    assert.deepEqual(await near.forms(3), ['delta', 'delta', 'full']);
    return far.forms(3);
  }

  const delta = { full_message_interval: 3 };
  const alone = startDeltaServer({ config: { delta_compression: delta }, workers: 2 });
  const together = startDeltaServer({
    config: { delta_compression: { ...delta, cluster_coordination: true } },
    workers: 2,
  });

  it('cluster_coordination: all send a full message when the one that publishes does', async () => {
    assert.deepEqual(await formsElsewhere(await alone), ['full', 'delta', 'delta']);
    assert.deepEqual(await formsElsewhere(await together), ['full', 'delta', 'full']);
  });
});
