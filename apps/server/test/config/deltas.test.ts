import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DELTA_DEFAULTS } from '@sluice/delta';
import { renderConfig, renderProblem } from '../../src/config/print.ts';
import { appsFile, jsonFile, load, problemOf, problemsOf } from './support.ts';

const APP = { id: 'a', key: 'ka', secret: 'sa' };
const PATH = 'app_manager.array.apps[0].channel_delta_compression';

test('an algorithm may be written as Sockudo writes it', (t) => {
  for (const [text, expected] of [
    ['Xdelta3', 'xdelta3'],
    ['vcdiff', 'xdelta3'],
    ['Fossil', 'fossil'],
  ] as const) {
    const configFile = jsonFile(t, { delta_compression: { algorithm: text } });
    assert.equal(load({ configFile }).settings.deltas.algorithm, expected);
  }
  const { expected } = problemOf({ configFile: jsonFile(t, { delta_compression: { algorithm: 'zip' } }) });
  assert.equal(expected, 'one of fossil, xdelta3 (also called vcdiff)');
});

test('no threads are no pool; otherwise its defaults are those of the package', () => {
  assert.equal(load({ env: { DELTA_COMPRESSION_POOL_THREADS: '0' } }).settings.deltas.pool, null);
  assert.deepEqual(load({}).settings.deltas.pool, DELTA_DEFAULTS.pool);
});

test('conflation keys may be many, and a path none', (t) => {
  const section = { max_conflation_states_per_channel: null, conflation_key_path: null };
  const { deltas } = load({ configFile: jsonFile(t, { delta_compression: section }) }).settings;
  assert.deepEqual([deltas.maxConflationStatesPerChannel, deltas.conflationKeyPath], [null, null]);
});

test('every number has its bounds', () => {
  for (const [variable, refused, taken] of [
    ['FULL_MESSAGE_INTERVAL', ['0'], ['1']],
    ['MIN_MESSAGE_SIZE', ['-1'], ['0']],
    ['MAX_STATE_AGE_SECS', ['0', '1.5'], ['1']],
    ['MAX_CHANNEL_STATES_PER_SOCKET', ['0'], ['1']],
    ['MAX_CONFLATION_STATES_PER_CHANNEL', ['0', '10001'], ['1', '10000', 'none']],
    ['CONFLATION_KEY_PATH', ['a.', '.a', 'a..b', 'x'.repeat(257)], ['a', 'a.b', 'x'.repeat(256)]],
    ['CONFLATION_INTERVAL_MS', ['-1', '60001'], ['0', '60000']],
    ['POOL_THREADS', ['-1', '65'], ['0', '64']],
    ['POOL_MAX_QUEUE', ['0'], ['1']],
    ['POOL_DEADLINE_MS', ['0'], ['1']],
  ] as const) {
    const name = `DELTA_COMPRESSION_${variable}`;
    for (const text of refused) assert.equal(problemOf({ env: { [name]: text } }).source, name, text);
    for (const text of taken) load({ env: { [name]: text } });
  }
});

test('rules for channels come from a file, from APPS and from the variable of the default app', (t) => {
  const rules = {
    logs: 'disabled',
    'price-*': { algorithm: 'Xdelta3', conflation_key: 'item.id', conflation_interval_ms: 200, enable_tags: false },
  };
  const expected = [
    ['logs', 'disabled'],
    [
      'price-*',
      {
        enabled: true,
        algorithm: 'xdelta3',
        conflationKey: 'item.id',
        conflationIntervalMs: 200,
        maxMessagesPerKey: 10,
        maxConflationKeys: 100,
        enableTags: false,
      },
    ],
  ];
  const app = { ...APP, channel_delta_compression: rules };
  for (const input of [
    { configFile: appsFile(t, app) },
    { env: { APPS: JSON.stringify([app]) } },
    { env: { SLUICE_DEFAULT_APP_CHANNEL_DELTA_COMPRESSION: JSON.stringify(rules) } },
  ]) {
    const { settings, values } = load(input);
    assert.deepEqual(settings.apps[0]?.channelDelta, expected);
    assert.deepEqual(JSON.parse(JSON.stringify(settings)), settings);
    assert.ok(renderConfig(values).includes(`channel_delta_compression: ${JSON.stringify(rules)}\n`));
  }
});

test('every problem of them is told, and where it is', (t) => {
  const rules = {
    'a*b*': 'fossil',
    feed: 'off',
    'price-*': { algorithm: 'zip', max_messages_per_key: 0, conflation_key: ['id'], key: 'id' },
    good: 'xdelta3',
  };
  const configFile = appsFile(t, { ...APP, channel_delta_compression: rules });
  const lines = problemsOf({ configFile }).map(renderProblem);
  assert.deepEqual(
    lines.map((line) => line.replace(` (${configFile})`, '')),
    [
      `${PATH}."a*b*": expected a pattern with at most one *; found the key "a*b*"`,
      `${PATH}.feed: expected one of inherit, disabled, fossil, xdelta3, or an object; found "off"`,
      `${PATH}."price-*".algorithm: expected fossil or xdelta3; found "zip"`,
      `${PATH}."price-*".max_messages_per_key: expected a whole number from 1 to 10000; found the number 0`,
      `${PATH}."price-*".conflation_key: expected the path of a member, or null; found a list`,
      `${PATH}."price-*".key: expected one of enabled, algorithm, conflation_key, conflation_interval_ms, max_messages_per_key, max_conflation_keys, enable_tags; found the key "key"`,
    ],
  );
  for (const raw of ['fossil', ['fossil'], null]) {
    const problem = problemOf({ configFile: appsFile(t, { ...APP, channel_delta_compression: raw }) });
    assert.equal(problem.path, PATH);
    assert.match(problem.expected, /^patterns of channel names/);
  }
});
