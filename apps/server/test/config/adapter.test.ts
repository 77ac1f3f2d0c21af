import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ADAPTER_VARIABLES, jsonFile, load, problemOf } from './support.ts';

const HEALTH_AND_BUFFER = {
  beatMs: 500,
  deadMs: 1500,
  bounds: { maxMessages: 10, maxBytes: 11, maxAgeMs: 1200 },
  readyWithoutConnection: false,
};

function adapterOf(driver: string): unknown {
  return load({ env: { ...ADAPTER_VARIABLES, ADAPTER_DRIVER: driver } }).settings.adapter;
}

test('there is no way to other nodes unless a driver is chosen', () => {
  assert.equal(adapterOf('local'), null);
  const problem = problemOf({ env: { ADAPTER_DRIVER: 'pigeons' } });
  assert.equal(problem.expected, 'one of local, redis, redis-cluster, nats');
});

const REDIS = {
  address: { host: 'redis.example', port: 6380 },
  db: 3,
  username: 'redis-user',
  password: 'redis-secret',
  tls: { caFile: 'redis.pem' },
  sentinel: {
    addresses: [
      { host: '10.0.0.1', port: 26_379 },
      { host: '10.0.0.2', port: 26_379 },
    ],
    name: 'main',
    username: 'sentinel-user',
    password: 'sentinel-secret',
  },
};

test('a Redis, by its address or by its Sentinels', () => {
  assert.deepEqual(adapterOf('redis'), {
    transport: { driver: 'redis', redis: REDIS, prefix: 'r:', timeoutMs: 101 },
    ...HEALTH_AND_BUFFER,
  });
  assert.deepEqual(load({ env: { ADAPTER_DRIVER: 'redis' } }).settings.adapter?.transport, {
    driver: 'redis',
    redis: {
      address: { host: '127.0.0.1', port: 6379 },
      db: 0,
      username: null,
      password: null,
      tls: null,
      sentinel: null,
    },
    prefix: 'sluice_adapter:',
    timeoutMs: 5000,
  });
});

test('a Redis, by one URL, before all that says the same', (t) => {
  const env = {
    ADAPTER_DRIVER: 'redis',
    DATABASE_REDIS_HOST: 'other.example',
    REDIS_URL: 'rediss://me:p%40ss@r.example/4',
  };
  const configFile = jsonFile(t, { database: { redis: { port: 7, password: 'other' } } });
  const { settings, notices } = load({ env, configFile });
  assert.ok(settings.adapter?.transport.driver === 'redis');
  assert.deepEqual(settings.adapter.transport.redis, {
    address: { host: 'r.example', port: 6379 },
    db: 4,
    username: 'me',
    password: 'p@ss',
    tls: { caFile: '' },
    sentinel: null,
  });
  assert.equal(notices[0], 'DATABASE_REDIS_HOST is ignored, since REDIS_URL is set');
  const plain = load({ env: { ADAPTER_DRIVER: 'redis', REDIS_URL: 'redis://[::1]:7000' } }).settings.adapter?.transport;
  assert.ok(plain?.driver === 'redis');
  assert.deepEqual([plain.redis.address, plain.redis.tls], [{ host: '::1', port: 7000 }, null]);
});

test('a URL of something else is refused, and not shown', () => {
  for (const url of [
    'http://h:secret@r.example',
    'redis://',
    'secret',
    'redis://r.example/first',
    'redis://h:%zz@r.example',
  ]) {
    assert.deepEqual(problemOf({ env: { REDIS_URL: url } }), {
      path: '',
      source: 'REDIS_URL',
      found: 'a text that is not shown',
      expected: 'a URL such as redis://user:password@host:6379/0, or rediss:// for TLS',
    });
  }
});

test('addresses may be sections in a file, as Sockudo has them', (t) => {
  const sentinels = [{ host: '10.0.0.1', port: 26_379 }, '10.0.0.2:26379'];
  const file = (items: unknown): string =>
    jsonFile(t, { adapter: { driver: 'redis' }, database: { redis: { sentinels: items } } });
  const transport = load({ configFile: file(sentinels) }).settings.adapter?.transport;
  assert.ok(transport?.driver === 'redis');
  assert.deepEqual(transport.redis.sentinel?.addresses, REDIS.sentinel.addresses);
  for (const item of [
    { host: '10.0.0.1' },
    { host: 'a b', port: 1 },
    { host: 'a', port: '1' },
    { host: 'a', port: 1, db: 2 },
    null,
  ]) {
    assert.equal(problemOf({ configFile: file([item]) }).path, 'database.redis.sentinels');
  }
});

test('a Redis Cluster, by some of its nodes', () => {
  const cluster = {
    nodes: [
      { host: '10.0.0.1', port: 7000 },
      { host: '::1', port: 7001 },
    ],
    username: 'cluster-user',
    password: 'cluster-secret',
    tls: { caFile: 'cluster.pem' },
  };
  assert.deepEqual(adapterOf('redis-cluster'), {
    transport: { driver: 'redis-cluster', cluster, prefix: '{c}:', timeoutMs: 102 },
    ...HEALTH_AND_BUFFER,
  });
});

test('nodes of a Redis Cluster may be named where Sockudo names them, and have to be named', (t) => {
  const env = { ADAPTER_DRIVER: 'redis-cluster' };
  const configFile = jsonFile(t, { database: { redis: { cluster: { nodes: ['redis://10.0.0.9:7009'] } } } });
  const transport = load({ env, configFile }).settings.adapter?.transport;
  assert.ok(transport?.driver === 'redis-cluster');
  assert.deepEqual(transport.cluster.nodes, [{ host: '10.0.0.9', port: 7009 }]);
  assert.deepEqual(problemOf({ env }), {
    path: 'adapter.cluster.nodes',
    source: 'default',
    found: 'none',
    expected: 'at least one node (host:port), since adapter.driver is redis-cluster',
  });
});

test('NATS, by its servers', (t) => {
  assert.deepEqual(adapterOf('nats'), {
    transport: {
      driver: 'nats',
      servers: ['a.example:4222', 'nats://b.example:4223'],
      user: 'nats-user',
      password: 'nats-secret',
      token: 'nats-token',
      credentialsFile: 'nats.creds',
      caFile: 'nats.pem',
      prefix: 'n.',
      timeoutMs: 104,
      connectTimeoutMs: 103,
    },
    ...HEALTH_AND_BUFFER,
  });
  const configFile = jsonFile(t, { adapter: { driver: 'nats', nats: { servers: [] } } });
  const none = problemOf({ configFile });
  assert.deepEqual([none.path, none.found], ['adapter.nats.servers', 'none']);
});

test('addresses and prefixes are refused that a driver could not use as they are', () => {
  const refused = [
    ['REDIS_CLUSTER_NODES', 'localhost'],
    ['REDIS_CLUSTER_NODES', 'localhost:0'],
    ['REDIS_CLUSTER_NODES', 'localhost:65536'],
    ['REDIS_CLUSTER_NODES', 'rediss://localhost:6379'],
    ['REDIS_CLUSTER_NODES', 'redis://user:secret@localhost:6379'],
    ['NATS_SERVERS', 'tls://localhost:4222'],
    ['ADAPTER_NATS_PREFIX', 'a..b'],
    ['ADAPTER_NATS_PREFIX', '.a'],
    ['ADAPTER_NATS_PREFIX', 'a.*.'],
    ['ADAPTER_REDIS_PREFIX', 'a b'],
  ] as const;
  for (const [name, value] of refused) assert.equal(problemOf({ env: { [name]: value } }).source, name, value);
});

test('a node counts as dead after at least three heartbeats', () => {
  const problem = problemOf({ env: { CLUSTER_HEALTH_NODE_TIMEOUT: '2999' } });
  assert.deepEqual([problem.path, problem.found], ['adapter.cluster_health.node_timeout_ms', '2999 ms']);
  load({ env: { CLUSTER_HEALTH_NODE_TIMEOUT: '3000' } });
});

test('webhooks are noted in the same Redis where that is wanted, whatever joins the nodes', () => {
  const { webhooks, adapter } = load({ env: { ...ADAPTER_VARIABLES, ADAPTER_DRIVER: 'local' } }).settings;
  assert.equal(adapter, null);
  assert.deepEqual(webhooks.queue, { redis: REDIS, prefix: 'q:', timeoutMs: 101, beatMs: 500, deadMs: 1500 });
  assert.equal(load({ env: { QUEUE_DRIVER: 'memory' } }).settings.webhooks.queue, null);
  assert.equal(load({ env: { QUEUE_DRIVER: 'redis' } }).settings.webhooks.queue?.prefix, 'sluice_queue:');
  assert.equal(problemOf({ env: { QUEUE_DRIVER: 'sqs' } }).expected, 'one of memory, redis');
});

test('passwords are not shown', () => {
  const { values } = load({ env: { ...ADAPTER_VARIABLES, ADAPTER_DRIVER: 'redis' } });
  assert.doesNotMatch(JSON.stringify(values), /-secret|nats-token/);
});
