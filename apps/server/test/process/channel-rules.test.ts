import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiClient, APP, RawClient, type SluiceProcess, until } from '@sluice/testkit';
import { DeltaFollower } from './delta-follower.ts';
import { publish, type Published, startDeltaServer, times } from './delta-server.ts';
import { dataOf } from './support.ts';

/** Whether the frames of a tagged message have its tags, on each of two channels. */
async function showsTags(server: SluiceProcess, channels: readonly [string, string]): Promise<boolean[]> {
  await using client = await RawClient.connect(server.wsUrl);
  for (const channel of channels) await client.subscribe(channel);
  using api = new ApiClient(server.port);
  await publish(api, ...channels.map((channel) => ({ channel, tags: { a: '1' } })));
  await until('both', () => dataOf(client, 'e').length === 2);
  return client.texts.slice(-2).map((text) => text.includes('"tags":{"a":"1"}'));
}

describe('Rules for channels, beside a section that says xdelta3 and shows no tags', () => {
  const started = startDeltaServer({
    config: {
      delta_compression: { algorithm: 'xdelta3', omit_delta_algorithm: true },
      tag_filtering: { enable_tags: false },
    },
    rules: {
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
    it(what, async () => {
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

  it('max_messages_per_key is how many bases there are for those who missed some', async () => {
    assert.deepEqual(await formAfterAGap('many'), ['full', 'delta']);
    assert.deepEqual(await formAfterAGap('rings-1'), ['full', 'full']);
  });

  it('enable_tags: true shows them', async () => {
    assert.deepEqual(await showsTags(await started, ['tagged-2', 'bare']), [true, false]);
  });
});

describe('Rules for channels, beside a section that says nothing', () => {
  const rules = {
    'x-*': 'xdelta3',
    'ox-*': { algorithm: 'Xdelta3' },
    'bare-*': { enable_tags: false },
    'keyed-*': { conflation_key: 'item.id', max_conflation_keys: 1 },
    'slow-*': { conflation_key: 'item.id', conflation_interval_ms: 200 },
  };
  const started = startDeltaServer({ rules });

  for (const channel of ['x-1', 'ox-1']) {
    it(`xdelta3, for ${channel}`, async () => {
      const server = await started;
      await using client = await DeltaFollower.connect(server.wsUrl);
      await client.subscribe(channel);
      using api = new ApiClient(server.port);
      await publish(api, ...times(2, { channel }));
      const got = await client.messages(2);
      assert.deepEqual([got[1]?.form, got[1]?.algorithm], ['delta', 'xdelta3']);
    });
  }

  it('conflation_key, max_conflation_keys', async () => {
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

  it('conflation_interval_ms sends the newest message of a key', async () => {
    const server = await started;
    await using client = await RawClient.connect(server.wsUrl);
    await client.subscribe('slow-1');
    using api = new ApiClient(server.port);
    await publish(api, ...['a', 'a', 'b', 'a', 'b'].map((key, value) => ({ channel: 'slow-1', key, value })));
    await until('what was held back', () => dataOf(client, 'e').length >= 3);
    await publish(api, { channel: 'slow-1', key: 'c', value: 5 });
    await until('one more', () => dataOf(client, 'e').length >= 4);
    const values = dataOf(client, 'e').map((data) => (data as Published).value);
    assert.deepEqual(values, [0, 3, 4, 5]);
  });

  it('enable_tags: false hides them', async () => {
    assert.deepEqual(await showsTags(await started, ['bare-1', 'tagged']), [false, true]);
  });

  it('a reload changes the rules of channels that are opened from then on, and says what waits for a restart', async () => {
    const server = await started;
    await using client = await DeltaFollower.connect(server.wsUrl);
    await client.subscribe('x-open');
    const apps = [{ ...APP, channel_delta_compression: { 'x-*': 'disabled' } }];
    const sections = { delta_compression: { enabled: false }, tag_filtering: { enabled: false } };
    server.writeConfig({ app_manager: { array: { apps } }, ...sections });
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
