import assert from 'node:assert/strict';
import { test } from 'node:test';
import { APP_FIELD_NAMES, variableOf } from '../../src/config/app-fields.ts';
import { appsFile, jsonFile, load, problemOf, problemsOf } from './support.ts';

const LOCAL = { HOST: '127.0.0.1' };
const APP = { id: 'a', key: 'ka', secret: 'sa' };
const FROM_ENVIRONMENT = { SLUICE_DEFAULT_APP_ID: 'e', SLUICE_DEFAULT_APP_KEY: 'ke', SLUICE_DEFAULT_APP_SECRET: 'se' };

test('without apps there is the default one', (t) => {
  for (const configFile of [undefined, appsFile(t)]) {
    assert.deepEqual(load({ configFile }).settings.apps, [
      {
        id: 'app-id',
        credentials: [{ key: 'app-key', secret: 'app-secret' }],
        enabled: true,
        clientMessages: false,
        subscriptionCountEvents: false,
        watchlistEvents: false,
        forceTls: false,
        allowedOrigins: [],
        authorisedOnly: false,
        webhookEvents: [],
        subscriptionCount: true,
        channelDelta: [],
        limits: {
          maxConnections: 0,
          maxClientEventsPerSecond: 10,
          maxBackendEventsPerSecond: 0,
          maxReadRequestsPerSecond: 0,
          maxPresenceMembers: 100,
          maxPresenceMemberBytes: 1024,
          maxChannelNameLength: 164,
          maxChannelsPerEvent: 100,
          maxEventNameLength: 200,
          maxEventBytes: 10_240,
          maxBatchSize: 10,
        },
      },
    ]);
  }
});

const TEXTS: Readonly<Record<string, string>> = {
  allowed_origins: 'https://a.example, *.b.example',
  id: 'i',
  key: 'k',
  secret: 's',
  webhooks: '[{"url":"http://a/","event_types":["cache_miss"]}]',
  additional_keys: '[{"key":"k2","secret":"s2"}]',
  channel_delta_compression: '{"logs-*":"disabled"}',
  enabled: 'false',
  enable_client_messages: 'yes',
  enable_subscription_count: 'no',
  force_tls: 'on',
  enable_subscription_count_events: 'on',
  enable_watchlist_events: 'on',
  enable_user_authentication: 'true',
};

test('every field has its variable', () => {
  const env = Object.fromEntries(
    APP_FIELD_NAMES.map((field, index) => [variableOf(field), TEXTS[field] ?? String(index)]),
  );
  const tls = { SSL_ENABLED: 'yes', SSL_CERT_PATH: 'cert.pem', SSL_KEY_PATH: 'key.pem' };
  const [app, ...others] = load({ env: { ...env, ...tls } }).settings.apps;
  assert.deepEqual(others, []);
  assert.deepEqual(app, {
    id: 'i',
    credentials: [
      { key: 'k', secret: 's' },
      { key: 'k2', secret: 's2' },
    ],
    enabled: false,
    clientMessages: true,
    subscriptionCountEvents: true,
    watchlistEvents: true,
    forceTls: true,
    allowedOrigins: ['https://a.example', '*.b.example'],
    authorisedOnly: true,
    webhookEvents: ['cache_miss'],
    subscriptionCount: false,
    channelDelta: [['logs-*', 'disabled']],
    limits: {
      maxConnections: 12,
      maxClientEventsPerSecond: 13,
      maxBackendEventsPerSecond: 14,
      maxReadRequestsPerSecond: 15,
      maxPresenceMembers: 16,
      maxPresenceMemberBytes: 17 * 1024,
      maxChannelNameLength: 18,
      maxChannelsPerEvent: 19,
      maxEventNameLength: 20,
      maxEventBytes: 21 * 1024,
      maxBatchSize: 22,
    },
  });
});

test('some of id, key and secret are enough for the only app', () => {
  const { settings, notices } = load({ env: { SLUICE_DEFAULT_APP_SECRET: ' s3 ' } });
  assert.deepEqual(settings.apps[0]?.credentials, [{ key: 'app-key', secret: 's3' }]);
  assert.deepEqual(notices, []);
});

test('a complete app of the environment is added to those of a file', (t) => {
  const { settings, notices } = load({
    configFile: appsFile(t, APP),
    env: { ...FROM_ENVIRONMENT, SLUICE_DEFAULT_APP_ENABLED: 'off' },
  });
  assert.deepEqual(
    settings.apps.map(({ id, enabled }) => [id, enabled]),
    [
      ['a', true],
      ['e', false],
    ],
  );
  assert.deepEqual(notices, []);
});

test('it replaces the app with the same id', (t) => {
  const configFile = appsFile(t, { ...APP, max_connections: 5 }, { id: 'b', key: 'kb', secret: 'sb' });
  const { settings, notices } = load({ configFile, env: { ...FROM_ENVIRONMENT, SLUICE_DEFAULT_APP_ID: 'a' } });
  assert.deepEqual(
    settings.apps.map(({ id, credentials }) => [id, credentials[0].key]),
    [
      ['a', 'ke'],
      ['b', 'kb'],
    ],
  );
  assert.equal(settings.apps[0]?.limits.maxConnections, 0);
  assert.deepEqual(notices, [`the app "a" of ${configFile} is replaced by the one of SLUICE_DEFAULT_APP_ID`]);
});

test('an incomplete one has no effect beside others, and that is said', (t) => {
  const configFile = appsFile(t, APP);
  const { settings, notices } = load({
    configFile,
    env: { SLUICE_DEFAULT_APP_KEY: 'x', SOKETI_DEFAULT_APP_MAX_CONNS: '4' },
  });
  assert.deepEqual(
    settings.apps.map(({ id }) => id),
    ['a'],
  );
  assert.equal(settings.apps[0]?.limits.maxConnections, 0);
  assert.match(
    notices.join('\n'),
    /^SLUICE_DEFAULT_APP_KEY, SOKETI_DEFAULT_APP_MAX_CONNS: no effect, since .* has apps; set /m,
  );
});

test('APPS goes before the apps of a file', (t) => {
  const env = { APPS: JSON.stringify([{ ...APP, id: 'x' }]) };
  assert.deepEqual(
    load({ configFile: appsFile(t, APP), env }).settings.apps.map(({ id }) => id),
    ['x'],
  );
});

test('additional keys: the enabled ones are further credentials, in order', (t) => {
  const keys = [
    { key: 'k1', secret: 's1' },
    { key: 'k2', secret: 's2', enabled: false },
    { key: 'k3', secret: 's3', enabled: 'true' },
  ];
  const [app] = load({ configFile: appsFile(t, { ...APP, additional_keys: keys }) }).settings.apps;
  assert.deepEqual(app?.credentials, [
    { key: 'ka', secret: 'sa' },
    { key: 'k1', secret: 's1' },
    { key: 'k3', secret: 's3' },
  ]);
});

test('sections give the defaults of fields that are left out', (t) => {
  const configFile = jsonFile(t, {
    event_limits: { max_batch_size: 20 },
    presence: { max_members_per_channel: 7 },
    app_manager: { array: { apps: [APP, { id: 'b', key: 'kb', secret: 'sb', max_event_batch_size: 30 }] } },
  });
  const env = { PRESENCE_MAX_MEMBERS_PER_CHANNEL: '8' };
  const limits = load({ configFile, env }).settings.apps.map((app) => app.limits);
  assert.deepEqual(
    limits.map(({ maxBatchSize, maxPresenceMembers }) => [maxBatchSize, maxPresenceMembers]),
    [
      [20, 8],
      [30, 8],
    ],
  );
});

test('what is wrong with an app is told with its place', (t) => {
  const at = 'app_manager.array.apps[1]';
  const cases = [
    [{ key: 'k', secret: 's' }, `${at}.id`, 'nothing', /text/],
    [
      { id: 'b', key: 'k', secret: 's', max_connections: '5x' },
      `${at}.max_connections`,
      '"5x"',
      /^a whole number from 0/,
    ],
    [{ id: 'b', key: 'k', secret: 's', max_connections: null }, `${at}.max_connections`, 'nothing', /^a whole number/],
    [{ id: 'b', key: 'k', secret: 's', enabled: 1 }, `${at}.enabled`, 'the number 1', /^true or false/],
    [{ id: 7, key: 'k', secret: 's' }, `${at}.id`, 'the number 7', /in quotes/],
    [
      { id: 'b', key: 'k', secret: 's', max_conections: 5 },
      `${at}.max_conections`,
      'an unknown key',
      /^max_connections$/,
    ],
    [{ id: 'b', key: 'k', secret: 's', hooks: [] }, `${at}.hooks`, 'an unknown key', /^one of id, key, /],
    [
      { id: 'b', key: 'k', secret: 's', additional_keys: 'k' },
      `${at}.additional_keys`,
      'a text that is not shown',
      /^a list of keys/,
    ],
    [
      { id: 'b', key: 'k', secret: 's', additional_keys: [{ key: 'x' }] },
      `${at}.additional_keys[0].secret`,
      'nothing',
      /^a text/,
    ],
    [
      { id: 'b', key: 'k', secret: 's', additional_keys: [{ key: 'x', secret: 'y', enable: true }] },
      `${at}.additional_keys[0].enable`,
      'an unknown key',
      /^enabled$/,
    ],
  ] as const;
  for (const [app, path, found, expected] of cases) {
    const configFile = appsFile(t, APP, app);
    const problem = problemOf({ configFile });
    assert.deepEqual([problem.path, problem.source, problem.found], [path, configFile, found]);
    assert.match(problem.expected, expected);
    assert.equal(problemOf({ env: { APPS: JSON.stringify([APP, app]) } }).source, 'APPS');
  }
  const variable = problemOf({ env: { SLUICE_DEFAULT_APP_MAX_CONNECTIONS: '-1' } });
  assert.deepEqual(
    [variable.path, variable.source, variable.found],
    ['app_manager.array.apps[0].max_connections', 'SLUICE_DEFAULT_APP_MAX_CONNECTIONS', '"-1"'],
  );
});

test('ids and keys are unique', (t) => {
  const ids = problemOf({ configFile: appsFile(t, APP, { ...APP, key: 'kb' }) });
  assert.deepEqual(
    [ids.path, ids.found, ids.expected],
    ['app_manager.array.apps[1].id', '"a" a second time', 'another than that of app_manager.array.apps[0].id'],
  );
  const keys = problemOf({ configFile: appsFile(t, APP, { ...APP, id: 'b' }) });
  assert.equal(keys.path, 'app_manager.array.apps[1].key');
  const additional = { ...APP, id: 'b', key: 'kb', additional_keys: [{ key: 'ka', secret: 's', enabled: false }] };
  assert.equal(
    problemOf({ configFile: appsFile(t, APP, additional) }).path,
    'app_manager.array.apps[1].additional_keys[0].key',
  );
  const env = { ...FROM_ENVIRONMENT, SLUICE_DEFAULT_APP_KEY: 'ka' };
  assert.equal(problemOf({ configFile: appsFile(t, APP), env }).source, 'SLUICE_DEFAULT_APP_KEY');
});

test('no problem shows a secret', (t) => {
  const hidden = 'hunter2';
  const inputs = [
    { configFile: appsFile(t, { ...APP, secret: [hidden] }) },
    { configFile: appsFile(t, { ...APP, secret: `${hidden}\u0007` }) },
    { configFile: appsFile(t, { ...APP, sekret: hidden }) },
    { configFile: appsFile(t, { ...APP, additional_keys: [hidden] }) },
    { configFile: appsFile(t, { ...APP, additional_keys: [{ key: 'k', secret: { hidden } }] }) },
    { configFile: jsonFile(t, { app_manager: { array: { apps: hidden } } }) },
    { configFile: jsonFile(t, { app_manager: hidden.length, secret: hidden }) },
    { env: { APPS: `[{"secret": ${hidden}` } },
    { env: { SLUICE_DEFAULT_APP_SECRET: `${hidden}\u0007` } },
    { env: { SLUICE_DEFAULT_APP_ADDITIONAL_KEYS: `[{"secret":"${hidden}"` } },
    { env: { SLUICE_SECRET: hidden } },
    { argv: ['--secret', hidden] },
    { argv: [`--secret=${hidden}`] },
  ];
  for (const input of inputs) assert.doesNotMatch(JSON.stringify(problemsOf(input)), /hunter/, JSON.stringify(input));
});

test('the default secret is noted where others can reach the port', (t) => {
  const noted = (input: Parameters<typeof load>[0]): boolean =>
    load(input).notices.some((notice) => /anybody who can reach/.test(notice));
  assert.equal(noted({}), true);
  assert.equal(noted({ env: { HOST: '10.1.2.3' } }), true);
  assert.equal(noted({ env: { SLUICE_DEFAULT_APP_KEY: 'k' } }), true);
  assert.equal(noted({ configFile: appsFile(t, { ...APP, secret: 'app-secret' }) }), true);
  assert.equal(noted({ env: LOCAL }), false);
  assert.equal(noted({ env: { SLUICE_DEFAULT_APP_SECRET: 's' } }), false);
  assert.equal(noted({ configFile: appsFile(t, APP) }), false);
  const [notice] = load({}).notices;
  assert.match(notice ?? '', /"app-id".*0\.0\.0\.0.*SLUICE_DEFAULT_APP_KEY and SLUICE_DEFAULT_APP_SECRET$/);
});

test('an app cannot force TLS where there is none', () => {
  const problem = problemOf({ env: { SLUICE_DEFAULT_APP_FORCE_TLS: 'true' } });
  assert.equal(problem.path, 'app_manager.array.apps[0].force_tls');
  assert.equal(problem.source, 'SLUICE_DEFAULT_APP_FORCE_TLS');
  assert.match(problem.expected, /ssl\.enabled/);
});

test('names of channels that other nodes could not be told of are refused where there may be others', (t) => {
  const configFile = appsFile(t, { ...APP, id: 'é'.repeat(100), max_channel_name_length: 400 });
  assert.deepEqual(load({ configFile, env: LOCAL }).settings.apps[0]?.limits.maxChannelNameLength, 400);
  const problem = problemOf({ configFile, env: { ...LOCAL, ADAPTER_DRIVER: 'nats' } });
  assert.match(problem.path, /\.max_channel_name_length$/);
  assert.equal(problem.found, 'the number 400');
  assert.match(problem.expected, /^at most 311 \(/);
  const byDefault = problemOf({ env: { CHANNEL_LIMITS_MAX_NAME_LENGTH: '600', ADAPTER_DRIVER: 'redis' } });
  assert.match(byDefault.expected, /^at most 505 \(/);
});
