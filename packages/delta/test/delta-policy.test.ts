import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChannelPatterns } from '../src/channel-patterns.ts';
import { parseChannelRules } from '../src/channel-rule.ts';
import {
  type AskedDelta,
  type ChannelDelta,
  chooseAlgorithm,
  DeltaPolicy,
  type DeltaSettings,
} from '../src/delta-policy.ts';

const SETTINGS: DeltaSettings = {
  enabled: true,
  algorithm: 'fossil',
  fullMessageInterval: 10,
  minMessageBytes: 100,
  maxStateAgeMs: 300_000,
  maxConflationStatesPerChannel: 50,
  conflationKeyPath: undefined,
  conflationIntervalMs: 0,
};

function policy(rules: object, settings: Partial<DeltaSettings> = {}): DeltaPolicy {
  const parsed = parseChannelRules(rules);
  assert.ok('rules' in parsed, JSON.stringify(parsed));
  return new DeltaPolicy({ ...SETTINGS, ...settings }, parsed.rules);
}

function problems(rules: unknown): readonly string[] {
  const parsed = parseChannelRules(rules);
  assert.ok('problems' in parsed);
  return parsed.problems;
}

describe('a channel', () => {
  const INHERITED: ChannelDelta = {
    enabled: true,
    algorithm: 'fossil',
    fullMessageInterval: 10,
    minMessageBytes: 100,
    maxStateAgeMs: 300_000,
    maxMessagesPerKey: 10,
    maxKeys: 50,
    conflationKey: undefined,
    enableTags: undefined,
    conflationIntervalMs: 0,
  };

  it('has the settings of the section where no rule is for it', () => {
    assert.deepEqual(policy({ 'chat-*': 'disabled' }).channel('news'), INHERITED);
    assert.deepEqual(policy({ news: 'inherit' }).channel('news'), INHERITED);
  });

  it('has what the section says about keys', () => {
    const { conflationKey, maxKeys } = policy(
      {},
      { conflationKeyPath: 'asset', maxConflationStatesPerChannel: undefined },
    ).channel('a');
    assert.deepEqual([conflationKey, maxKeys], ['asset', 10_000]);
  });

  it('has no deltas where it is disabled, by a word or by `enabled`', () => {
    const rules = policy({ logs: 'disabled', 'feed-*': { enabled: false } });
    assert.deepEqual(
      ['logs', 'feed-1', 'other'].map((name) => rules.channel(name).enabled),
      [false, false, true],
    );
  });

  it('has none where the section is off, whatever a rule says', () => {
    assert.equal(policy({ a: 'fossil', b: { enabled: true } }, { enabled: false }).channel('a').enabled, false);
  });

  it('has none where it is encrypted', () => {
    const rules = policy({ 'private-encrypted-*': 'fossil' });
    for (const name of ['private-encrypted-a', 'private-encrypted-cache-a'])
      assert.equal(rules.channel(name).enabled, false);
    assert.equal(rules.channel('private-a').enabled, true);
  });

  it('has the algorithm of its rule', () => {
    const rules = policy(
      { a: 'xdelta3', b: 'fossil', c: { algorithm: 'Xdelta3' }, d: { algorithm: 'xdelta3' }, e: {} },
      { algorithm: 'xdelta3' },
    );
    assert.deepEqual(
      ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => rules.channel(name).algorithm),
      ['xdelta3', 'fossil', 'xdelta3', 'xdelta3', 'fossil', 'xdelta3'],
    );
  });

  it('has all that an object says', () => {
    const rule = {
      enabled: true,
      algorithm: 'Fossil',
      conflation_key: 'item_id',
      max_messages_per_key: 5,
      max_conflation_keys: 7,
      enable_tags: false,
    };
    assert.deepEqual(policy({ 'ticker:*': rule }).channel('ticker:1'), {
      ...INHERITED,
      conflationKey: 'item_id',
      maxMessagesPerKey: 5,
      maxKeys: 7,
      enableTags: false,
    });
  });

  it('has the defaults of objects where one says less', () => {
    const { maxMessagesPerKey, maxKeys, enableTags, conflationKey } = policy(
      { a: { conflation_key: null } },
      { conflationKeyPath: 'x' },
    ).channel('a');
    assert.deepEqual([maxMessagesPerKey, maxKeys, enableTags, conflationKey], [10, 100, true, 'x']);
  });
});

describe('of several patterns', () => {
  for (const [patterns, channel, expected] of [
    [['*', 'a*', 'ab*', 'abc'], 'abc', 'abc'],
    [['*', 'a*', 'ab*'], 'abc', 'ab*'],
    [['a*', 'ab*'], 'ax', 'a*'],
    [['*', 'a*'], 'x', '*'],
    [['a*', '*c'], 'abc', 'a*'],
    [['a*', '*bc'], 'abc', '*bc'],
    [['a*c', 'ab*'], 'abc', 'ab*'],
    [['a*bc'], 'abc', 'a*bc'],
    [['ab*bc'], 'abc', undefined],
    [['a*'], 'b', undefined],
    [['a.c'], 'abc', undefined],
  ] as const) {
    it(`${patterns.join(' ')}, ${expected ?? 'none'} is for ${channel}, in whatever order they stand`, () => {
      for (const order of [patterns, patterns.toReversed()]) {
        assert.equal(new ChannelPatterns(new Map(order.map((pattern) => [pattern, pattern]))).find(channel), expected);
      }
    });
  }
});

describe('a rule that makes no sense', () => {
  for (const [rules, ...expected] of [
    [null, 'channel_delta_compression: expected an object of patterns'],
    [['a'], 'channel_delta_compression: expected an object of patterns'],
    [
      { a: 'off' },
      'channel_delta_compression["a"]: expected "inherit", "disabled", "fossil", "xdelta3" or an object, found "off"',
    ],
    [{ 'a*b*': 'fossil' }, 'channel_delta_compression["a*b*"]: a pattern has at most one *'],
    [{ a: { algorithm: 'zip' } }, 'channel_delta_compression["a"].algorithm: expected "fossil" or "xdelta3"'],
    [{ a: { enabled: 'yes' } }, 'channel_delta_compression["a"].enabled: expected true or false'],
    [{ a: { enable_tags: 1 } }, 'channel_delta_compression["a"].enable_tags: expected true or false'],
    [
      { a: { conflation_key: '' } },
      'channel_delta_compression["a"].conflation_key: expected the path of a member, or null',
    ],
    [
      { a: { max_messages_per_key: 0 } },
      'channel_delta_compression["a"].max_messages_per_key: expected a whole number from 1 to 10000',
    ],
    [
      { a: { max_conflation_keys: 1.5 } },
      'channel_delta_compression["a"].max_conflation_keys: expected a whole number from 1 to 10000',
    ],
    [
      { a: { key: 1 }, b: 5 },
      'channel_delta_compression["a"].key: unknown; known are enabled, algorithm, conflation_key, conflation_interval_ms, max_messages_per_key, max_conflation_keys, enable_tags',
      'channel_delta_compression["b"]: expected "inherit", "disabled", "fossil", "xdelta3" or an object, found 5',
    ],
  ] as const) {
    it(`is told: ${JSON.stringify(rules)}`, () => assert.deepEqual(problems(rules), expected));
  }
});

describe('a subscription', () => {
  const on = (algorithm?: 'fossil' | 'xdelta3'): AskedDelta => ({ enabled: true, algorithm });
  const BOTH = ['fossil', 'xdelta3'] as const;
  for (const [what, offered, asked, expected] of [
    ['of a client that never spoke of deltas', [], undefined, undefined],
    ['of a client that enabled them', BOTH, undefined, 'fossil'],
    ['of a client that knows one algorithm only', ['xdelta3'], undefined, 'xdelta3'],
    ['that opts out', BOTH, { enabled: false }, undefined],
    ['that opts in by itself', [], on(), 'fossil'],
    ['that asks for an algorithm', BOTH, on('xdelta3'), 'xdelta3'],
    ['that asks for an algorithm by itself', [], on('xdelta3'), 'xdelta3'],
  ] as const) {
    it(`${what} gets ${expected ?? 'no deltas'}`, () => {
      assert.equal(chooseAlgorithm(policy({}).channel('a'), offered, asked), expected);
      assert.equal(chooseAlgorithm(policy({ a: 'disabled' }).channel('a'), offered, asked), undefined);
    });
  }
});
