import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient, APP, RawClient, SluiceProcess, until } from '@sluice/testkit';
import { DeltaFollower } from './delta-follower.ts';
import { connectionsByWorker, dataOf, sumOf, untilMetric } from './support.ts';

const PROSE =
  'All of this is the same in every message, so that a delta has little to say and is worth its while. '.repeat(6);
const LONG = Array.from({ length: 4000 }, (_, i) => `item ${i} `).join('');

interface Published {
  readonly channel: string;
  readonly text?: string;
  readonly key?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

let published = 0;

function eventOf({ channel, text = PROSE, key, tags }: Published): object {
  const data = JSON.stringify({ item: { id: key }, number: ++published, text });
  return { name: 'e', channel, data, tags };
}

async function publish(api: ApiClient, ...events: readonly Published[]): Promise<void> {
  const batch = events.map(eventOf);
  const answer = await api.send({ method: 'POST', path: '/batch_events', body: { batch } });
  assert.equal(answer.status, 200, answer.text);
}

function times(count: number, event: Published): Published[] {
  return Array.from({ length: count }, () => event);
}

/** For all tests of a suite. */
function startServer(
  config: Readonly<Record<string, unknown>>,
  rules: object = {},
  workers = 1,
): Promise<SluiceProcess> {
  const app = { ...APP, max_event_payload_in_kb: 100, channel_delta_compression: rules };
  const started = SluiceProcess.start({ workers, config: { app_manager: { array: { apps: [app] } }, ...config } });
  after(async () => (await started)[Symbol.asyncDispose]());
  return started;
}

describe('Settings of deltas, when they are set, and rules for channels beside them', () => {
  const started = startServer(
    {
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
    },
    {
      'off-*': 'disabled',
      'same-*': 'inherit',
      'fossil-*': 'fossil',
      'not-*': { enabled: false },
      'rings-*': { max_messages_per_key: 1 },
      'tagged-*': { enable_tags: true },
      'p-*': 'disabled',
      'p-x-*': 'xdelta3',
      '*-1': 'fossil',
      'p-x-1': 'inherit',
    },
  );

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
    await using client = await DeltaFollower.connect(server.wsUrl);
    await client.subscribe('quiet', { filter: { key: 'a', cmp: 'eq', val: '1' } });
    await client.subscribe('tagged-1');
    using api = new ApiClient(server.port);
    await publish(
      api,
      { channel: 'quiet', tags: { a: '2' } },
      { channel: 'quiet', tags: { a: '1' } },
      { channel: 'tagged-1', tags: { a: '3' } },
    );
    const texts = (await client.messages(2)).map(({ text }) => text);
    assert.deepEqual(
      texts.map((text) => /"number":/.test(JSON.parse(text).data) && [JSON.parse(text).channel, JSON.parse(text).tags]),
      [
        ['quiet', undefined],
        ['tagged-1', { a: '3' }],
      ],
    );
  });

  for (const [what, channel, expected] of [
    ['disabled', 'off-2', undefined],
    ['enabled: false', 'not-2', undefined],
    ['inherit', 'same-2', 'the one of the section'],
    ['fossil', 'fossil-2', 'fossil'],
    ['a section without algorithm', 'rings-2', 'fossil'],
    ['the name before a pattern', 'p-x-1', 'the one of the section'],
    ['the longer pattern before the shorter', 'p-x-2', 'the one of the section'],
    ['the shorter pattern where the longer does not fit', 'p-2', undefined],
    ['of two as long, the one with more before its star', 'p-1', undefined],
  ] as const) {
    it(`channel_delta_compression: ${what}`, async () => {
      const server = await started;
      await using client = await DeltaFollower.connect(server.wsUrl);
      await client.subscribe(channel);
      using api = new ApiClient(server.port);
      await publish(api, ...times(2, { channel }));
      const got = await client.messages(2);
      const forms = got.map(({ form }) => form);
      assert.deepEqual(forms, expected === undefined ? ['plain', 'plain'] : ['full', 'delta']);
      assert.equal(got[1]?.algorithm, expected === 'fossil' ? 'fossil' : undefined);
    });
  }

  /** Four miss a message in between, and hold the one before it. */
  async function formAfterAGap(channel: string): Promise<readonly string[]> {
    const server = await started;
    await using stack = new AsyncDisposableStack();
    const filter = { key: 'for', cmp: 'eq', val: 'all' };
    const clients = await Promise.all(
      [filter, filter, filter, filter, undefined].map(async (wanted) => {
        const client = stack.use(await DeltaFollower.connect(server.wsUrl));
        await client.subscribe(channel, wanted === undefined ? {} : { filter: wanted });
        return client;
      }),
    );
    using api = new ApiClient(server.port);
    const [all, one] = [{ for: 'all' }, { for: 'one' }];
    await publish(api, { channel, tags: all }, { channel, tags: one }, { channel, tags: all });
    return clients[0]?.forms(2) ?? [];
  }

  it('channel_delta_compression: max_messages_per_key is how many bases there are for those who missed some', async () => {
    assert.deepEqual(await formAfterAGap('many'), ['full', 'delta']);
    assert.deepEqual(await formAfterAGap('rings-1'), ['full', 'full']);
  });
});

describe('Settings of deltas that are left out, and others', () => {
  const rules = {
    'x-*': 'xdelta3',
    'ox-*': { algorithm: 'Xdelta3' },
    'bare-*': { enable_tags: false },
    'keyed-*': { conflation_key: 'item.id', max_conflation_keys: 1 },
    'slow-*': { conflation_key: 'item.id', conflation_interval_ms: 200 },
  };
  const config = { delta_compression: { max_state_age_secs: 1, pool: { max_queue: 1, deadline_ms: 1 } } };
  const started = startServer(config, rules);

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

  for (const channel of ['x-1', 'ox-1']) {
    it(`channel_delta_compression: xdelta3, for ${channel}`, async () => {
      const server = await started;
      await using client = await DeltaFollower.connect(server.wsUrl);
      await client.subscribe(channel);
      using api = new ApiClient(server.port);
      await publish(api, ...times(2, { channel }));
      const got = await client.messages(2);
      assert.deepEqual([got[1]?.form, got[1]?.algorithm], ['delta', 'xdelta3']);
    });
  }

  it('channel_delta_compression: conflation_key, max_conflation_keys', async () => {
    const server = await started;
    await using client = await DeltaFollower.connect(server.wsUrl);
    await client.subscribe('keyed-1');
    await client.subscribe('unkeyed');
    using api = new ApiClient(server.port);
    for (const channel of ['keyed-1', 'unkeyed']) {
      await publish(api, ...['a', 'b', 'b', 'a'].map((key) => ({ channel, key })));
    }
    assert.deepEqual(await client.forms(4), ['full', 'full', 'delta', 'full']);
    assert.deepEqual(await client.forms(4), ['full', 'delta', 'delta', 'delta']);
  });

  it('channel_delta_compression: conflation_interval_ms sends the newest message of a key', async () => {
    const server = await started;
    await using client = await RawClient.connect(server.wsUrl);
    await client.subscribe('slow-1');
    using api = new ApiClient(server.port);
    const first = published + 1;
    await publish(api, ...['a', 'a', 'b', 'a', 'b'].map((key) => ({ channel: 'slow-1', key })));
    await until('what was held back', () => dataOf(client, 'e').length >= 3);
    await publish(api, { channel: 'slow-1', key: 'c' });
    await until('one more', () => dataOf(client, 'e').length >= 4);
    const numbers = dataOf(client, 'e').map((data) => (data as { readonly number: number }).number - first);
    assert.deepEqual(numbers, [0, 3, 4, 5]);
  });

  it('channel_delta_compression: enable_tags', async () => {
    const server = await started;
    await using client = await RawClient.connect(server.wsUrl);
    for (const channel of ['bare-1', 'full-1']) await client.subscribe(channel);
    using api = new ApiClient(server.port);
    await publish(api, { channel: 'bare-1', tags: { a: '1' } }, { channel: 'full-1', tags: { a: '1' } });
    await until('both', () => dataOf(client, 'e').length === 2);
    assert.deepEqual(
      client.texts.slice(-2).map((text) => text.includes('"tags":{"a":"1"}')),
      [false, true],
    );
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

  it('a reload changes the rules of channels that are opened from then on, and says what waits for a restart', async () => {
    const server = await started;
    await using client = await DeltaFollower.connect(server.wsUrl);
    await client.subscribe('x-open');
    const apps = [{ ...APP, channel_delta_compression: { 'x-*': 'disabled' } }];
    server.writeConfig({ app_manager: { array: { apps } }, tag_filtering: { enabled: false } });
    server.signal('SIGHUP');
    await until('a word about it', () => server.output.includes('"the apps have changed"'));
    assert.match(
      server.output,
      /"settings":\["deltas","tagFiltering"\],"msg":"settings that have changed wait for a restart"/,
    );
    using api = new ApiClient(server.port);
    // Workers take it up a moment later.
    const formIn = async (channel: string): Promise<string | undefined> => {
      await client.subscribe(channel);
      await publish(api, { channel });
      return (await client.forms(1))[0];
    };
    let opened = 0;
    await until('new channels to be plain', async () => (await formIn(`x-new-${opened++}`)) === 'plain');
    await publish(api, ...times(2, { channel: 'x-open' }));
    assert.deepEqual(await client.forms(2), ['full', 'delta']);
  });
});

describe('Deltas and filters that are turned off', () => {
  const section = { enabled: false, conflation_key_path: 'item.id', conflation_interval_ms: 200 };
  const started = startServer({ delta_compression: section, tag_filtering: { enabled: false } });

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
    const first = published + 1;
    await publish(api, ...times(5, { channel: 'prices', key: 'a' }));
    await until('the last', () => dataOf(client, 'e').length >= 2);
    const numbers = dataOf(client, 'e').map((data) => (data as { readonly number: number }).number - first);
    assert.deepEqual(numbers, [0, 4]);
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
  const alone = startServer({ delta_compression: delta }, {}, 2);
  const together = startServer({ delta_compression: { ...delta, cluster_coordination: true } }, {}, 2);

  it('cluster_coordination: all send a full message when the one that publishes does', async () => {
    assert.deepEqual(await formsElsewhere(await alone), ['full', 'delta', 'delta']);
    assert.deepEqual(await formsElsewhere(await together), ['full', 'delta', 'full']);
  });
});
