import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fileWith } from '../file-with.ts';
import { appsFile, jsonFile, load, problemOf, problemsOf } from './support.ts';

const example = fileURLToPath(new URL('../../../../config/sluice/example.yaml', import.meta.url));

test('the four forms of one file', (t) => {
  const texts = {
    'a.json': '\uFEFF{"port": 7, "app_manager": {"array": {"apps": [{"id": "1", "key": "k", "secret": "s"}]}}}',
    'a.json5': "{port: 7, /* ! */ app_manager: {array: {apps: [{id: '1', key: 'k', secret: 's',},]}}}",
    'a.yaml': 'port: 7\napp_manager:\n  array:\n    apps:\n      - {id: "1", key: k, secret: s}\n',
    'a.YML': 'port: 7\napp_manager: {array: {apps: [{id: "1", key: k, secret: s}]}}\n',
    'a.toml': 'port = 7\n[[app_manager.array.apps]]\nid = "1"\nkey = "k"\nsecret = "s"\n',
  };
  for (const [name, text] of Object.entries(texts)) {
    const { settings } = load({ configFile: fileWith(t, name, text) });
    assert.equal(settings.port, 7, name);
    assert.deepEqual(settings.apps[0]?.credentials, [{ key: 'k', secret: 's' }], name);
  }
});

test('files without content, and sections that are null', (t) => {
  for (const [name, text] of [
    ['a.yaml', ''],
    ['a.yaml', '# nothing yet\n'],
    ['a.json', ' \n'],
    ['a.json', 'null'],
    ['a.toml', ''],
    ['a.yaml', 'logging:\n  # level: debug\nmetrics:\n'],
    ['a.json', '{"logging": null}'],
  ] as const) {
    assert.equal(load({ configFile: fileWith(t, name, text) }).settings.port, 6001, text);
  }
});

test('what is wrong with a file as a whole', (t) => {
  const folder = join(dirname(fileWith(t, 'x', '')), 'd.yaml');
  mkdirSync(folder);
  const cases = [
    ['/nowhere/sluice.yaml', 'no such file', 'a file that can be read'],
    ['', 'an empty text', 'the name of a file'],
    [folder, 'a folder', 'a file that can be read'],
    [fileWith(t, 'a.ini', 'port=1'), 'a file name with another extension', 'one of .json, .json5, .yaml, .yml, .toml'],
    [fileWith(t, 'a', '{}'), 'a file name with another extension', 'one of .json, .json5, .yaml, .yml, .toml'],
    [fileWith(t, 'a.json', '[]'), 'no keys at the top', 'keys and values'],
    [fileWith(t, 'a.yaml', 'port 7'), 'no keys at the top', 'keys and values'],
    [fileWith(t, 'a.json', '{"port": 1,\n "x" 2}'), 'a syntax error at line 2, column 6', 'JSON'],
    [fileWith(t, 'a.json', '{"port": 1, // no\n}'), /^comments, trailing commas/, 'JSON'],
    [fileWith(t, 'a.json5', '{port: 1'), 'a syntax error at line 1, column 9', 'JSON5'],
    [fileWith(t, 'a.yaml', 'port: 1\nport: 2\n'), 'a syntax error (duplicate key) at line 2, column 1', 'YAML'],
    [fileWith(t, 'a.yaml', 'port: !secret 1\n'), 'a syntax error (tag resolve failed) at line 1, column 7', 'YAML'],
    [fileWith(t, 'a.yaml', 'port: *nobody\n'), 'an alias without its anchor, or too many aliases', 'YAML'],
    [fileWith(t, 'a.toml', 'port = 1\nport = 2\n'), /^a syntax error at line 2, column \d+$/, 'TOML'],
  ] as const;
  for (const [configFile, found, expected] of cases) {
    const problem = problemOf({ configFile });
    assert.deepEqual(
      { ...problem, found: '' },
      { path: '', source: configFile === '' ? '--config' : configFile, found: '', expected },
    );
    if (typeof found === 'string') assert.equal(problem.found, found);
    else assert.match(problem.found, found);
  }
});

test('a syntax error shows nothing of the file', (t) => {
  const texts = {
    'a.json': '{"secret": hunter2}',
    'a.json5': '{secret: hunter2}',
    'a.yaml': 'secret: *hunter2\n',
    'b.yaml': 'secret: "hunter2\n',
    'c.yaml': 'a: b: hunter2\n',
    'a.toml': 'secret = hunter2',
  };
  for (const [name, text] of Object.entries(texts)) {
    assert.doesNotMatch(problemOf({ configFile: fileWith(t, name, text) }).found, /hunter/, name);
  }
});

test('unknown keys name the nearest known one', (t) => {
  const cases = [
    [{ prot: 1 }, 'prot', 'port'],
    [{ websocket: { max_mesages: 1 } }, 'websocket.max_mesages', 'websocket.max_messages'],
    [{ max_messages: 1 }, 'max_messages', 'websocket.max_messages'],
    [{ metrics: { prefix: 'x' } }, 'metrics.prefix', 'metrics.prometheus.prefix'],
    [{ shutdown: { wait: 1 } }, 'shutdown.wait', 'one of the keys in shutdown: drain_window_ms, pre_stop_delay_ms'],
    [{ 'a b\u001b[31m': 1 }, String.raw`"a b\u001b[31m"`, /^one of the keys at the top: host, port, /],
  ] as const;
  for (const [tree, path, expected] of cases) {
    const configFile = jsonFile(t, tree);
    const problem = problemOf({ configFile });
    assert.deepEqual([problem.path, problem.source, problem.found], [path, configFile, 'an unknown key']);
    if (typeof expected === 'string') assert.equal(problem.expected, expected);
    else assert.match(problem.expected, expected);
  }
});

test('hostile names are ordinary unknown keys', (t) => {
  const hostile =
    '"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}, "toString": 1, "hasOwnProperty": 1';
  const texts = {
    'a.json': `{${hostile}, "metrics": {${hostile}}, "app_manager": {"array": {"apps": [{"id":"1","key":"k","secret":"s", ${hostile}}]}}}`,
    'a.yaml': `{${hostile}, "metrics": {${hostile}}, "app_manager": {"array": {"apps": [{"id":"1","key":"k","secret":"s", ${hostile}}]}}}`,
    'a.json5': `{${hostile}, "metrics": {${hostile}}, "app_manager": {"array": {"apps": [{"id":"1","key":"k","secret":"s", ${hostile}}]}}}`,
  };
  for (const [name, text] of Object.entries(texts)) {
    const problems = problemsOf({ configFile: fileWith(t, name, text) });
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    assert.deepEqual(
      problems.map(({ path }) => path),
      ['', 'metrics.', 'app_manager.array.apps[0].'].flatMap((prefix) => names.map((key) => prefix + key)),
      name,
    );
  }
  const toml = fileWith(t, 'a.toml', '[__proto__]\npolluted = 1\n[metrics.__proto__]\npolluted = 1\n');
  assert.deepEqual(
    problemsOf({ configFile: toml }).map(({ path }) => path),
    ['__proto__', 'metrics.__proto__'],
  );
  assert.equal(Reflect.get({}, 'polluted'), undefined);
});

test('hostile values', (t) => {
  const texts = [
    'a: &a [*a]\n',
    'websocket: &w {max_bytes: *w}\n',
    'port: 2026-01-01\n',
    'port: .nan\n',
    'port: ~\n',
    'port: {}\n',
    '? [a]\n: 1\n',
  ];
  for (const text of texts) assert.ok(problemsOf({ configFile: fileWith(t, 'a.yaml', text) }).length > 0, text);
  assert.equal(problemOf({ configFile: fileWith(t, 'a.toml', 'port = 2026-01-01\n') }).path, 'port');
  assert.equal(problemOf({ configFile: appsFile(t, 'app') }).found, 'a list');
});

test('the example is in order', () => {
  const { settings, notices } = load({ configFile: example });
  assert.deepEqual(notices, []);
  assert.equal(settings.apps[0]?.id, '1');
  assert.equal(settings.websocket.maxBytes, 8_388_608);
});

test('a file of Sockudo loads as it is', (t) => {
  const configFile = fileWith(
    t,
    'config.json',
    `{
      "mode": "production", "debug": false, "host": "127.0.0.1", "port": 6001, "path_prefix": "/", "shutdown_grace_period": 10,
      "websocket_max_payload_kb": 64, "activity_timeout": 120,
      "adapter": { "driver": "local", "buffer_multiplier_per_cpu": 64, "enable_socket_counting": true,
        "redis": { "prefix": "sockudo_adapter:", "cluster_mode": false },
        "cluster": { "nodes": [], "use_sharded_pubsub": false }, "nats": { "servers": ["nats://localhost:4222"] },
        "cluster_health": { "enabled": true } },
      "app_manager": { "driver": "memory", "cache": { "enabled": true, "ttl": 300 }, "scylladb": {}, "array": { "apps": [{
        "id": "app-id", "key": "app-key", "secret": "app-secret", "max_connections": "100",
        "enable_client_messages": true, "enabled": true, "max_client_events_per_second": "100",
        "max_backend_events_per_second": 100, "max_read_requests_per_second": "50",
        "max_presence_members_per_channel": 100, "max_presence_member_size_in_kb": 2, "max_channel_name_length": 200,
        "max_event_channels_at_once": 100, "max_event_name_length": 200, "max_event_payload_in_kb": 100,
        "max_event_batch_size": 10, "allowed_origins": ["https://app.example.com", "*.example.org"],
        "channel_delta_compression": {
          "ticker:*": { "enabled": true, "algorithm": "Fossil", "conflation_key": "item_id", "max_messages_per_key": 10,
            "max_conflation_keys": 100, "enable_tags": false },
          "chat-*": "inherit", "logs": "disabled" }
      }] } },
      "cache": { "driver": "memory", "redis": { "prefix": "sockudo_cache:" },
        "memory": { "cleanup_interval": 60, "max_capacity": 10000 } },
      "channel_limits": { "max_name_length": 200 },
      "database": { "mysql": { "host": "localhost" } }, "database_pooling": { "enabled": true },
      "event_limits": { "max_channels_at_once": 100, "max_name_length": 200, "max_payload_in_kb": 100, "max_batch_size": 10 },
      "cors": { "credentials": true, "origin": ["*"], "methods": ["GET", "POST", "OPTIONS"],
        "allowed_headers": ["Authorization", "Content-Type", "X-Requested-With", "Accept"] },
      "rate_limiter": { "enabled": true, "driver": "memory",
        "api_rate_limit": { "max_requests": 100, "window_seconds": 60, "identifier": "api", "trust_hops": 0 },
        "websocket_rate_limit": { "max_requests": 20, "window_seconds": 60, "identifier": "websocket_connect", "trust_hops": 1 },
        "redis": { "prefix": "sockudo_rl:" } },
      "cleanup": { "queue_buffer_size": 1024, "batch_size": 32, "batch_timeout_ms": 100, "worker_threads": "auto",
        "max_retry_attempts": 3, "async_enabled": true, "fallback_to_sync": true },
      "http_api": { "request_limit_in_mb": 10, "usage_enabled": true, "accept_traffic": { "memory_threshold": 0.9 } },
      "queue": { "driver": "memory" },
      "delta_compression": { "enabled": true, "algorithm": "fossil", "full_message_interval": 10, "min_message_size": 100,
        "max_state_age_secs": 300, "max_channel_states_per_socket": 100, "max_conflation_states_per_channel": null,
        "conflation_key_path": null, "cluster_coordination": true, "coordination_backend": "auto", "omit_delta_algorithm": true },
      "tag_filtering": { "enabled": true, "enable_tags": false },
      "instance": { "process_id": "sockudo-instance-1" },
      "logging": { "colors_enabled": true, "include_target": true },
      "metrics": { "enabled": true, "driver": "prometheus", "host": "0.0.0.0", "port": 9601, "prometheus": { "prefix": "sockudo_" } },
      "presence": { "max_members_per_channel": 100, "max_member_size_in_kb": 2 },
      "websocket": { "max_messages": 1000, "max_bytes": 1048576, "disconnect_on_buffer_full": false,
        "max_message_size": 67108864, "max_frame_size": 16777216, "write_buffer_size": 16384, "max_backpressure": 1048576,
        "auto_ping": true, "ping_interval": 30, "idle_timeout": 120, "compression": "disabled" }
    }`,
  );
  const { settings, notices } = load({ configFile });
  const named = notices.map((notice) => notice.replace(/ in .* has no effect here: .+$/, ''));
  assert.deepEqual(named, [
    'mode',
    'adapter.buffer_multiplier_per_cpu',
    'adapter.enable_socket_counting',
    'adapter.redis.cluster_mode',
    'adapter.cluster.use_sharded_pubsub',
    'adapter.cluster_health.enabled',
    'app_manager.cache',
    'app_manager.scylladb',
    'cache.redis',
    'cache.memory.cleanup_interval',
    'database.mysql',
    'database_pooling',
    'rate_limiter.redis',
    'cleanup.queue_buffer_size',
    'cleanup.batch_timeout_ms',
    'cleanup.worker_threads',
    'cleanup.max_retry_attempts',
    'cleanup.fallback_to_sync',
    'http_api.accept_traffic',
    'delta_compression.coordination_backend',
    'logging.include_target',
  ]);
  assert.equal(settings.cleanup.connectionsPerSlice, 32);
  assert.deepEqual(settings.apps, [
    {
      id: 'app-id',
      credentials: [{ key: 'app-key', secret: 'app-secret' }],
      enabled: true,
      clientMessages: true,
      subscriptionCountEvents: false,
      watchlistEvents: false,
      forceTls: false,
      allowedOrigins: ['https://app.example.com', '*.example.org'],
      authorisedOnly: false,
      webhookEvents: [],
      subscriptionCount: true,
      channelDelta: [
        [
          'ticker:*',
          {
            enabled: true,
            algorithm: 'fossil',
            conflationKey: 'item_id',
            conflationIntervalMs: null,
            maxMessagesPerKey: 10,
            maxConflationKeys: 100,
            enableTags: false,
          },
        ],
        ['chat-*', 'inherit'],
        ['logs', 'disabled'],
      ],
      limits: {
        maxConnections: 100,
        maxClientEventsPerSecond: 100,
        maxBackendEventsPerSecond: 100,
        maxReadRequestsPerSecond: 50,
        maxPresenceMembers: 100,
        maxPresenceMemberBytes: 2048,
        maxChannelNameLength: 200,
        maxChannelsPerEvent: 100,
        maxEventNameLength: 200,
        maxEventBytes: 102_400,
        maxBatchSize: 10,
      },
    },
  ]);
  assert.deepEqual(settings.addressLimits, {
    api: { name: 'api', max: 100, windowMs: 60_000, trustHops: 0 },
    upgrades: { name: 'websocket_connect', max: 20, windowMs: 60_000, trustHops: 1 },
  });
  const { alignIntervals, omitAlgorithm, maxConflationStatesPerChannel } = settings.deltas;
  assert.deepEqual([alignIntervals, omitAlgorithm, maxConflationStatesPerChannel], [true, true, null]);
  assert.deepEqual(settings.tagFiltering, { enabled: true, enableTags: false });
  assert.equal(settings.cors.credentials, true);
  assert.equal(settings.websocket.maxPayloadBytes, 65_536);
  assert.equal(settings.websocket.disconnectOnBufferFull, false);
});
