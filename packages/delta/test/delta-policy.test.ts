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
  conflationKeyPath: null,
  conflationIntervalMs: 0,
};

function policy(raw: Readonly<Record<string, unknown>>, settings: Partial<DeltaSettings> = {}): DeltaPolicy {
  const { rules, problems } = parseChannelRules(raw);
  assert.deepEqual(problems, []);
  return new DeltaPolicy({ ...SETTINGS, ...settings }, rules);
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
      { conflationKeyPath: 'asset', maxConflationStatesPerChannel: null },
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
      { a: 'xdelta3', b: 'fossil', c: { algorithm: 'Xdelta3' }, d: { algorithm: 'vcdiff' }, e: {} },
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
  const WORDS = 'one of inherit, disabled, fossil, xdelta3, or an object';
  const COUNT = 'a whole number from 1 to 10000';
  const MEMBERS =
    'one of enabled, algorithm, conflation_key, conflation_interval_ms, max_messages_per_key, max_conflation_keys, enable_tags';
  for (const [value, member, expected] of [
    ['off', undefined, WORDS],
    [null, undefined, WORDS],
    [[], undefined, WORDS],
    [{ algorithm: 'zip' }, 'algorithm', 'fossil or xdelta3'],
    [{ enabled: 'yes' }, 'enabled', 'true or false'],
    [{ enable_tags: 1 }, 'enable_tags', 'true or false'],
    [{ conflation_key: '' }, 'conflation_key', 'the path of a member, or null'],
    [{ conflation_interval_ms: 60_001 }, 'conflation_interval_ms', 'a whole number from 0 to 60000'],
    [{ conflation_interval_ms: -1 }, 'conflation_interval_ms', 'a whole number from 0 to 60000'],
    [{ max_messages_per_key: 0 }, 'max_messages_per_key', COUNT],
    [{ max_conflation_keys: 1.5 }, 'max_conflation_keys', COUNT],
    [{ max_conflation_keys: 10_001 }, 'max_conflation_keys', COUNT],
  ] as const) {
    it(`is told, and what is wrong in it: ${JSON.stringify(value)}`, () => {
      const wrong = member === undefined ? value : (value as Readonly<Record<string, unknown>>)[member];
      assert.deepEqual(parseChannelRules({ good: 'fossil', bad: value }), {
        rules: new Map([['good', 'fossil']]),
        problems: [{ pattern: 'bad', member, wrong: 'value', value: wrong, expected }],
      });
    });
  }

  it('is told with all others, and so are names that cannot be', () => {
    assert.deepEqual(parseChannelRules({ 'a*b*': 'fossil', c: { key: 1 } }), {
      rules: new Map(),
      problems: [
        {
          pattern: 'a*b*',
          member: undefined,
          wrong: 'name',
          value: 'fossil',
          expected: 'a pattern with at most one *',
        },
        { pattern: 'c', member: 'key', wrong: 'name', value: 1, expected: MEMBERS },
      ],
    });
  });
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
