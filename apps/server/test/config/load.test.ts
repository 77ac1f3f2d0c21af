import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { LEAVES } from '../../src/config/schema.ts';
import type { Settings } from '../../src/config/settings.ts';
import { fileWith } from '../file-with.ts';
import { ADAPTER_VARIABLES, ADDRESS_LIMIT_VARIABLES, jsonFile, load, problemOf, problemsOf } from './support.ts';

test('without anything the defaults hold', () => {
  const { settings } = load({});
  const { instanceId, apps, ...rest } = settings;
  assert.match(instanceId, /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  assert.equal(apps.length, 1);
  assert.deepEqual(rest, {
    host: '0.0.0.0',
    port: 6001,
    pathPrefix: '',
    workers: availableParallelism(),
    maxConnections: 0,
    activityTimeoutSeconds: 120,
    pongTimeoutSeconds: 30,
    userAuthenticationTimeoutSeconds: 30,
    tls: null,
    trustHops: 0,
    addressLimits: { api: null, upgrades: null },
    cors: {
      origins: ['*'],
      methods: ['GET', 'POST', 'OPTIONS'],
      headers: ['Authorization', 'Content-Type', 'X-Requested-With', 'Accept'],
      credentials: false,
    },
    adapter: null,
    scheduling: 'primary',
    cleanup: { connectionsPerSlice: 64 },
    cache: { ttlMs: 1_800_000, maxEvents: 10_000, maxBytes: 67_108_864 },
    shutdown: { gracePeriodMs: 10_000, drainWindowMs: 3000, preStopDelayMs: 0 },
    websocket: {
      maxMessages: 1000,
      maxBytes: null,
      disconnectOnBufferFull: true,
      maxPayloadBytes: 65_536,
      maxBackpressureBytes: 1_048_576,
      flushDelayMs: 0,
      writeBufferBytes: 16_384,
      flushSliceMs: 3,
      pingIntervalMs: 30_000,
      idleTimeoutMs: 120_000,
      compression: 'disabled',
      allowMissingProtocol: false,
      sendSubscriptionErrors: true,
      maxSubscriptionsPerConnection: 2000,
    },
    deltas: {
      enabled: true,
      algorithm: 'fossil',
      fullMessageInterval: 10,
      minMessageBytes: 100,
      maxStateAgeMs: 300_000,
      maxConflationStatesPerChannel: 100,
      conflationKeyPath: null,
      conflationIntervalMs: 0,
      omitAlgorithm: false,
      maxStatesPerConnection: 100,
      alignIntervals: false,
      pool: { threads: 1, maxQueue: 64, deadlineMs: 100 },
    },
    tagFiltering: { enabled: true, enableTags: true },
    httpApi: { maxRequestBytes: 10_485_760, usageEnabled: true, headersTimeoutMs: 10_000 },
    webhooks: {
      apps: [],
      batching: { enabled: true, durationMs: 50, size: 100 },
      retry: { maxElapsedMs: 300_000, initialBackoffMs: 1000, maxBackoffMs: 60_000 },
      requestTimeoutMs: 10_000,
      maxQueuedEvents: 10_000,
      maxQueuedBytes: 16_777_216,
      vacatedDelayMs: 3000,
      queue: null,
    },
    metrics: { enabled: true, host: '127.0.0.1', port: 9601, prefix: 'sluice_' },
    log: { level: 'info', format: 'auto', colors: true },
  });
  assert.deepEqual(JSON.parse(JSON.stringify(settings)), settings);
});

const VARIABLES: readonly (readonly [string, string, (settings: Settings) => unknown, unknown])[] = [
  ['HOST', '::1', (s) => s.host, '::1'],
  ['PORT', '7000', (s) => s.port, 7000],
  ['PATH_PREFIX', '/rt/', (s) => s.pathPrefix, '/rt'],
  ['WORKERS', '3', (s) => s.workers, 3],
  ['SLUICE_MAX_CONNECTIONS', '9', (s) => s.maxConnections, 9],
  ['ACTIVITY_TIMEOUT', '60', (s) => s.activityTimeoutSeconds, 60],
  ['PONG_TIMEOUT', '5', (s) => s.pongTimeoutSeconds, 5],
  ['WEBSOCKET_MAX_PAYLOAD_KB', '1', (s) => s.websocket.maxPayloadBytes, 1024],
  ['SHUTDOWN_GRACE_PERIOD', '60', (s) => s.shutdown.gracePeriodMs, 60_000],
  ['SHUTDOWN_DRAIN_WINDOW_MS', '100', (s) => s.shutdown.drainWindowMs, 100],
  ['SHUTDOWN_PRE_STOP_DELAY_MS', '200', (s) => s.shutdown.preStopDelayMs, 200],
  ['USER_AUTHENTICATION_TIMEOUT', '7', (s) => s.userAuthenticationTimeoutSeconds, 7],
  ['TRUST_HOPS', '2', (s) => s.trustHops, 2],
  ['CORS_ORIGINS', 'https://a.example,*.b.example', (s) => s.cors.origins, ['https://a.example', '*.b.example']],
  ['CORS_METHODS', 'get, Post', (s) => s.cors.methods, ['GET', 'POST']],
  ['CORS_HEADERS', 'X-One', (s) => s.cors.headers, ['X-One']],
  ['CORS_CREDENTIALS', 'yes', (s) => s.cors.credentials, true],
  ['SSL_ENABLED', 'no', (s) => s.tls, null],
  ['DEBUG', 'yes', (s) => s.log.level, 'debug'],
  ['INSTANCE_PROCESS_ID', 'node-1', (s) => s.instanceId, 'node-1'],
  ['CLUSTER_SCHEDULING', 'kernel', (s) => s.scheduling, 'kernel'],
  ['CLEANUP_BATCH_SIZE', '7', (s) => s.cleanup.connectionsPerSlice, 7],
  ['CLEANUP_ASYNC_ENABLED', 'no', (s) => s.cleanup.connectionsPerSlice, Number.MAX_SAFE_INTEGER],
  ['CACHE_DRIVER', 'memory', (s) => s.port, 6001],
  ['CACHE_MAX_BYTES', '99', (s) => s.cache.maxBytes, 99],
  ['CACHE_MAX_CAPACITY', '5', (s) => s.cache.maxEvents, 5],
  ['CHANNEL_LIMITS_CACHE_TTL', '60', (s) => s.cache.ttlMs, 60_000],
  ['ADAPTER_DRIVER', 'local', (s) => s.port, 6001],
  ['APP_MANAGER_DRIVER', 'memory', (s) => s.port, 6001],
  ['APPS', '[{"id":"1","key":"k","secret":"s"}]', (s) => s.apps[0]?.id, '1'],
  ['CHANNEL_LIMITS_MAX_NAME_LENGTH', '200', (s) => s.apps[0]?.limits.maxChannelNameLength, 200],
  ['CHANNEL_LIMITS_MAX_SUBSCRIPTIONS_PER_CONNECTION', '7', (s) => s.websocket.maxSubscriptionsPerConnection, 7],
  ['EVENT_LIMITS_MAX_CHANNELS_AT_ONCE', '11', (s) => s.apps[0]?.limits.maxChannelsPerEvent, 11],
  ['EVENT_LIMITS_MAX_NAME_LENGTH', '12', (s) => s.apps[0]?.limits.maxEventNameLength, 12],
  ['EVENT_LIMITS_MAX_PAYLOAD_IN_KB', '13', (s) => s.apps[0]?.limits.maxEventBytes, 13 * 1024],
  ['EVENT_LIMITS_MAX_BATCH_SIZE', '14', (s) => s.apps[0]?.limits.maxBatchSize, 14],
  ['PRESENCE_MAX_MEMBERS_PER_CHANNEL', '15', (s) => s.apps[0]?.limits.maxPresenceMembers, 15],
  ['PRESENCE_MAX_MEMBER_SIZE_IN_KB', '2', (s) => s.apps[0]?.limits.maxPresenceMemberBytes, 2048],
  ['HTTP_API_REQUEST_LIMIT_IN_MB', '2', (s) => s.httpApi.maxRequestBytes, 2 * 1024 * 1024],
  ['HTTP_API_USAGE_ENABLED', 'off', (s) => s.httpApi.usageEnabled, false],
  ['HTTP_API_HEADERS_TIMEOUT', '4', (s) => s.httpApi.headersTimeoutMs, 4000],
  ['METRICS_ENABLED', '0', (s) => s.metrics.enabled, false],
  ['METRICS_DRIVER', 'prometheus', (s) => s.metrics.enabled, true],
  ['METRICS_HOST', '0.0.0.0', (s) => s.metrics.host, '0.0.0.0'],
  ['METRICS_PORT', '9', (s) => s.metrics.port, 9],
  ['METRICS_PROMETHEUS_PREFIX', 'x_', (s) => s.metrics.prefix, 'x_'],
  ['LOG_LEVEL', 'warn', (s) => s.log.level, 'warn'],
  ['LOG_OUTPUT_FORMAT', 'human', (s) => s.log.format, 'human'],
  ['LOG_COLORS_ENABLED', 'no', (s) => s.log.colors, false],
  ['WEBSOCKET_MAX_MESSAGES', '5', (s) => s.websocket.maxMessages, 5],
  ['WEBSOCKET_MAX_BYTES', '5000', (s) => s.websocket.maxBytes, 5000],
  ['WEBSOCKET_DISCONNECT_ON_BUFFER_FULL', 'false', (s) => s.websocket.disconnectOnBufferFull, false],
  ['WEBSOCKET_MAX_MESSAGE_SIZE', '1000', (s) => s.websocket.maxPayloadBytes, 1000],
  ['WEBSOCKET_MAX_FRAME_SIZE', '1001', (s) => s.websocket.maxPayloadBytes, 1001],
  ['WEBSOCKET_MAX_BACKPRESSURE', '1', (s) => s.websocket.maxBackpressureBytes, 1],
  ['WEBSOCKET_FLUSH_DELAY_MS', '6', (s) => s.websocket.flushDelayMs, 6],
  ['WEBSOCKET_WRITE_BUFFER_SIZE', '7', (s) => s.websocket.writeBufferBytes, 7],
  ['WEBSOCKET_AUTO_PING', 'no', (s) => s.websocket.pingIntervalMs, null],
  ['WEBSOCKET_PING_INTERVAL', '45', (s) => s.websocket.pingIntervalMs, 45_000],
  ['WEBSOCKET_IDLE_TIMEOUT', '90', (s) => s.websocket.idleTimeoutMs, 90_000],
  ['WEBSOCKET_COMPRESSION', 'Window4kb', (s) => s.websocket.compression, 'window4kb'],
  ['WEBSOCKET_FLUSH_SLICE_MS', '8', (s) => s.websocket.flushSliceMs, 8],
  ['WEBSOCKET_SUBSCRIPTION_ERRORS', 'no', (s) => s.websocket.sendSubscriptionErrors, false],
  ['WEBHOOK_BATCHING_ENABLED', 'off', (s) => s.webhooks.batching.enabled, false],
  ['WEBHOOK_BATCHING_DURATION', '7', (s) => s.webhooks.batching.durationMs, 7],
  ['WEBHOOK_BATCHING_SIZE', '8', (s) => s.webhooks.batching.size, 8],
  ['WEBHOOK_RETRY_MAX_ELAPSED_TIME_MS', '9', (s) => s.webhooks.retry.maxElapsedMs, 9],
  ['WEBHOOK_RETRY_INITIAL_BACKOFF_MS', '10', (s) => s.webhooks.retry.initialBackoffMs, 10],
  ['WEBHOOK_RETRY_MAX_BACKOFF_MS', '2000', (s) => s.webhooks.retry.maxBackoffMs, 2000],
  ['WEBHOOK_REQUEST_TIMEOUT_MS', '12', (s) => s.webhooks.requestTimeoutMs, 12],
  ['WEBHOOK_MAX_QUEUED_EVENTS', '13', (s) => s.webhooks.maxQueuedEvents, 13],
  ['WEBHOOK_MAX_QUEUED_BYTES', '15', (s) => s.webhooks.maxQueuedBytes, 15],
  ['WEBHOOK_VACATED_DELAY_MS', '14', (s) => s.webhooks.vacatedDelayMs, 14],
  ['DELTA_COMPRESSION_ENABLED', 'off', (s) => s.deltas.enabled, false],
  ['DELTA_COMPRESSION_ALGORITHM', 'xdelta3', (s) => s.deltas.algorithm, 'xdelta3'],
  ['DELTA_COMPRESSION_FULL_MESSAGE_INTERVAL', '5', (s) => s.deltas.fullMessageInterval, 5],
  ['DELTA_COMPRESSION_MIN_MESSAGE_SIZE', '0', (s) => s.deltas.minMessageBytes, 0],
  ['DELTA_COMPRESSION_MAX_STATE_AGE_SECS', '6', (s) => s.deltas.maxStateAgeMs, 6000],
  ['DELTA_COMPRESSION_MAX_CHANNEL_STATES_PER_SOCKET', '7', (s) => s.deltas.maxStatesPerConnection, 7],
  ['DELTA_COMPRESSION_MAX_CONFLATION_STATES_PER_CHANNEL', '8', (s) => s.deltas.maxConflationStatesPerChannel, 8],
  ['DELTA_COMPRESSION_CONFLATION_KEY_PATH', 'item.id', (s) => s.deltas.conflationKeyPath, 'item.id'],
  ['DELTA_COMPRESSION_CONFLATION_INTERVAL_MS', '9', (s) => s.deltas.conflationIntervalMs, 9],
  ['DELTA_COMPRESSION_CLUSTER_COORDINATION', 'on', (s) => s.deltas.alignIntervals, true],
  ['DELTA_COMPRESSION_OMIT_DELTA_ALGORITHM', 'on', (s) => s.deltas.omitAlgorithm, true],
  ['DELTA_COMPRESSION_POOL_THREADS', '2', (s) => s.deltas.pool?.threads, 2],
  ['DELTA_COMPRESSION_POOL_MAX_QUEUE', '10', (s) => s.deltas.pool?.maxQueue, 10],
  ['DELTA_COMPRESSION_POOL_DEADLINE_MS', '11', (s) => s.deltas.pool?.deadlineMs, 11],
  ['TAG_FILTERING_ENABLED', 'no', (s) => s.tagFiltering.enabled, false],
  ['TAG_FILTERING_ENABLE_TAGS', 'no', (s) => s.tagFiltering.enableTags, false],
  ['WEBSOCKET_ALLOW_MISSING_PROTOCOL', 'on', (s) => s.websocket.allowMissingProtocol, true],
];

const TLS_VARIABLES = {
  SSL_ENABLED: 'yes',
  SSL_CERT_PATH: 'cert.pem',
  SSL_KEY_PATH: 'key.pem',
  SSL_PASSPHRASE: 'open sesame',
  SSL_CA_PATH: 'ca.pem',
  SSL_HTTP_PORT: '80',
  SSL_REDIRECT_HTTP: 'yes',
};

test('TLS', () => {
  assert.deepEqual(load({ env: TLS_VARIABLES }).settings.tls, {
    certFile: 'cert.pem',
    keyFile: 'key.pem',
    passphrase: 'open sesame',
    caFile: 'ca.pem',
    plainPort: 80,
    redirectPlain: true,
  });
  assert.doesNotMatch(JSON.stringify(load({ env: TLS_VARIABLES }).values), /sesame/);
  const without = problemsOf({ env: { SSL_ENABLED: 'yes' } }).map(({ path }) => path);
  assert.deepEqual(without, ['ssl.cert_path', 'ssl.key_path']);
  assert.equal(problemOf({ env: { ...TLS_VARIABLES, SSL_HTTP_PORT: '6001' } }).path, 'ssl.http_port');
});

test('every key has its variable and reaches the settings', () => {
  const names = new Set([
    ...VARIABLES.map(([name]) => name),
    ...Object.keys({ ...TLS_VARIABLES, ...ADDRESS_LIMIT_VARIABLES, ...ADAPTER_VARIABLES }),
  ]);
  assert.deepEqual([...names].toSorted(), LEAVES.map(({ leaf }) => leaf.env).toSorted());
  for (const [name, text, read, expected] of VARIABLES) {
    assert.deepEqual(read(load({ env: { [name]: text } }).settings), expected, name);
  }
});

test('every key refuses nonsense under its own path and variable', () => {
  for (const { path, leaf } of LEAVES) {
    const nonsense = '80x \u0007/..';
    const problem = problemOf({ env: { [leaf.env]: nonsense } });
    assert.equal(problem.path, path);
    assert.equal(problem.source, leaf.env);
    assert.equal(problem.expected, leaf.kind.expected);
  }
});

test('default < file < environment < flags', (t) => {
  const configFile = jsonFile(t, { port: 1001, host: '127.0.0.1', workers: 1 });
  const env = { PORT: '1002', WORKERS: '2' };
  const argv = ['--workers=3'];
  const { host, port, workers, pongTimeoutSeconds } = load({ configFile, env, argv }).settings;
  assert.deepEqual(
    { host, port, workers, pongTimeoutSeconds },
    { host: '127.0.0.1', port: 1002, workers: 3, pongTimeoutSeconds: 30 },
  );
});

test('an empty variable is as good as none', (t) => {
  const configFile = jsonFile(t, { port: 1001 });
  assert.equal(
    load({ configFile, env: { PORT: '', HOST: ' ', APPS: undefined, SLUICE_CONFIG: '' } }).settings.port,
    1001,
  );
});

test('SLUICE_CONFIG names the file, --config goes before it', (t) => {
  const one = jsonFile(t, { port: 1001 });
  const two = jsonFile(t, { port: 1002 });
  assert.equal(load({ env: { SLUICE_CONFIG: one } }).settings.port, 1001);
  assert.equal(load({ configFile: two, env: { SLUICE_CONFIG: one } }).settings.port, 1002);
});

test('the smallest of the three payload limits holds', () => {
  const read = (kb: string, size: string, frame: string): number => {
    const env = {
      WEBSOCKET_MAX_PAYLOAD_KB: kb,
      WEBSOCKET_MAX_MESSAGE_SIZE: size,
      WEBSOCKET_MAX_FRAME_SIZE: frame,
    };
    return load({ env }).settings.websocket.maxPayloadBytes;
  };
  assert.equal(read('2', '4096', '4097'), 2048);
  assert.equal(read('8', '4096', '4097'), 4096);
  assert.equal(read('8', '4096', '4095'), 4095);
});

test('an idle timeout of 0 is none', () => {
  assert.equal(load({ env: { WEBSOCKET_IDLE_TIMEOUT: '0' } }).settings.websocket.idleTimeoutMs, null);
});

test('flags', () => {
  const { settings } = load({ argv: ['--host', 'localhost', '--port=1', '--port', '7', '--config', 'x.yaml'] });
  assert.deepEqual([settings.host, settings.port], ['localhost', 7]);
  // Convict's own reading of flags would make 1000 of it.
  assert.equal(load({ argv: ['--host=1e3'] }).settings.host, '1e3');
  const cases = [
    [['--prot', '80'], { path: '', source: '--prot', found: 'an unknown flag', expected: '--port' }],
    [['--port'], { path: '', source: '--port', found: 'no value', expected: '--port=VALUE' }],
    [
      ['--port='],
      { path: 'port', source: '--port', found: 'an empty text', expected: 'a whole number from 1 to 65535' },
    ],
    [['--port=80x'], { path: 'port', source: '--port', found: '"80x"', expected: 'a whole number from 1 to 65535' }],
    [
      ['-p', '1'],
      { path: '', source: '-p', found: 'an unknown flag', expected: 'one of --host, --port, --workers, --config' },
    ],
    [
      ['start'],
      { path: '', source: 'command line', found: '"start"', expected: 'one of --host, --port, --workers, --config' },
    ],
    [
      ['--__proto__=1'],
      {
        path: '',
        source: '--__proto__',
        found: 'an unknown flag',
        expected: 'one of --host, --port, --workers, --config',
      },
    ],
  ] as const;
  for (const [argv, problem] of cases) assert.deepEqual(problemOf({ argv }), problem, argv.join(' '));
});

test('every problem of every source comes out at once', (t) => {
  const configFile = fileWith(
    t,
    'sluice.yaml',
    'port: 80x\nhots: a\nmetrics:\n  port: 1.5\nwebsocket: 3\napp_manager: {array: {apps: [{id: 1}]}}\n',
  );
  const env = { PORT: 'x', SLUICE_WORKERS: '2', LOG_LEVEL: 'loud' };
  const problems = problemsOf({ configFile, env, argv: ['--workers=many', '--verbose'] });
  assert.deepEqual(
    problems.map(({ path, source, found }) => [path, source, found]),
    [
      ['', 'SLUICE_WORKERS', 'an unknown variable'],
      ['', '--verbose', 'an unknown flag'],
      ['port', configFile, '"80x"'],
      ['hots', configFile, 'an unknown key'],
      ['metrics.port', configFile, 'the number 1.5'],
      ['websocket', configFile, 'the number 3'],
      ['port', 'PORT', '"x"'],
      ['workers', '--workers', '"many"'],
      ['logging.level', 'LOG_LEVEL', '"loud"'],
      ['app_manager.array.apps[0].id', configFile, 'the number 1'],
      ['app_manager.array.apps[0].key', configFile, 'nothing'],
      ['app_manager.array.apps[0].secret', configFile, 'nothing'],
    ],
  );
});

test('a wrong value is a problem even where another source overrides it', (t) => {
  const configFile = jsonFile(t, { port: '80x' });
  assert.equal(problemOf({ configFile, env: { PORT: '80' } }).source, configFile);
});

test('debug sets the level whatever the level is', (t) => {
  assert.equal(
    load({ configFile: jsonFile(t, { debug: true, logging: { level: 'error' } }) }).settings.log.level,
    'debug',
  );
});
