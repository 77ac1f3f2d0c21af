import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALIASES } from '../../src/config/aliases.ts';
import { OWN_VARIABLES } from '../../src/config/environment.ts';
import type { Settings } from '../../src/config/settings.ts';
import { load, problemOf } from './support.ts';

const QUIET = { SLUICE_DEFAULT_APP_SECRET: 's' };

test('every alias stands for a variable of ours, and no name is used twice', () => {
  for (const [name, { target }] of ALIASES) {
    assert.ok(OWN_VARIABLES.includes(target), name);
    assert.ok(!OWN_VARIABLES.includes(name), name);
  }
  assert.equal(new Set(OWN_VARIABLES).size, OWN_VARIABLES.length);
});

const CASES: readonly (readonly [string, string, string, (settings: Settings) => unknown, unknown])[] = [
  ['SOKETI_HOST', '::1', 'HOST', (s) => s.host, '::1'],
  ['SOKETI_PORT', '7', 'PORT', (s) => s.port, 7],
  ['SOKETI_PATH_PREFIX', 'x', 'PATH_PREFIX', (s) => s.pathPrefix, '/x'],
  ['SOKETI_DEBUG', '1', 'DEBUG', (s) => s.log.level, 'debug'],
  ['SOKETI_METRICS_SERVER_PORT', '8', 'METRICS_PORT', (s) => s.metrics.port, 8],
  ['SOKETI_METRICS_PROMETHEUS_PREFIX', 'p_', 'METRICS_PROMETHEUS_PREFIX', (s) => s.metrics.prefix, 'p_'],
  ['SOKETI_EVENT_MAX_SIZE_IN_KB', '9', 'EVENT_LIMITS_MAX_PAYLOAD_IN_KB', (s) => s.apps[0]?.limits.maxEventBytes, 9216],
  [
    'SOKETI_PRESENCE_MAX_MEMBER_SIZE',
    '2',
    'PRESENCE_MAX_MEMBER_SIZE_IN_KB',
    (s) => s.apps[0]?.limits.maxPresenceMemberBytes,
    2048,
  ],
  ['SOKETI_DEFAULT_APP_ID', 'i', 'SLUICE_DEFAULT_APP_ID', (s) => s.apps[0]?.id, 'i'],
  ['SOKETI_DEFAULT_APP_ENABLED', 'false', 'SLUICE_DEFAULT_APP_ENABLED', (s) => s.apps[0]?.enabled, false],
  ['SOCKUDO_DEFAULT_APP_KEY', 'k', 'SLUICE_DEFAULT_APP_KEY', (s) => s.apps[0]?.credentials[0].key, 'k'],
  [
    'SOCKUDO_DEFAULT_APP_MAX_EVENT_BATCH_SIZE',
    '4',
    'SLUICE_DEFAULT_APP_MAX_EVENT_BATCH_SIZE',
    (s) => s.apps[0]?.limits.maxBatchSize,
    4,
  ],
  [
    'SOCKUDO_ENABLE_CLIENT_MESSAGES',
    'true',
    'SLUICE_DEFAULT_APP_ENABLE_CLIENT_MESSAGES',
    (s) => s.apps[0]?.clientMessages,
    true,
  ],
  ['SOCKUDO_MAX_CONNECTIONS', '3', 'SLUICE_MAX_CONNECTIONS', (s) => s.maxConnections, 3],
];

test('aliases are read and reported', () => {
  for (const [name, text, target, read, expected] of CASES) {
    const { settings, notices } = load({ env: { ...QUIET, [name]: text } });
    assert.equal(read(settings), expected, name);
    assert.deepEqual(notices, [`${name} is read as ${target}; rename it`]);
  }
});

test('aliases with another unit or word', () => {
  const grace = load({ env: { ...QUIET, SOKETI_SHUTDOWN_GRACE_PERIOD: '3500' } });
  assert.equal(grace.settings.shutdown.gracePeriodMs, 4000);
  assert.deepEqual(grace.notices, [
    'SOKETI_SHUTDOWN_GRACE_PERIOD is read as SHUTDOWN_GRACE_PERIOD (milliseconds are read as seconds, rounded up); rename it',
  ]);
  load({ env: { SOKETI_SHUTDOWN_GRACE_PERIOD: '3000' } });
  const env = {
    SOKETI_DEFAULT_APP_MAX_CONNS: '-1',
    SOKETI_DEFAULT_APP_MAX_BACKEND_EVENTS_PER_SEC: '-1',
    SOKETI_DEFAULT_APP_MAX_CLIENT_EVENTS_PER_SEC: '-1',
    SOKETI_DEFAULT_APP_MAX_READ_REQ_PER_SEC: '20',
    SOKETI_APP_MANAGER_DRIVER: 'array',
  };
  const limits = load({ env }).settings.apps[0]?.limits;
  assert.deepEqual(
    [
      limits?.maxConnections,
      limits?.maxBackendEventsPerSecond,
      limits?.maxClientEventsPerSecond,
      limits?.maxReadRequestsPerSecond,
    ],
    [0, 0, 0, 20],
  );
});

test('our own name goes before an alias, and Sockudo before soketi', () => {
  const own = load({ env: { ...QUIET, PORT: '1', SOKETI_PORT: '2' } });
  assert.equal(own.settings.port, 1);
  assert.deepEqual(own.notices, ['SOKETI_PORT is ignored, since PORT is set']);
  const both = load({ env: { ...QUIET, SOKETI_DEFAULT_APP_ID: 'soketi', SOCKUDO_DEFAULT_APP_ID: 'sockudo' } });
  assert.equal(both.settings.apps[0]?.id, 'sockudo');
  assert.match(both.notices.join('\n'), /SOKETI_DEFAULT_APP_ID is ignored, since SOCKUDO_DEFAULT_APP_ID is set/);
});

test('a wrong value is a problem of the variable that was really set', () => {
  assert.equal(problemOf({ env: { SOKETI_PORT: '80x' } }).source, 'SOKETI_PORT');
  assert.equal(problemOf({ env: { SOKETI_SHUTDOWN_GRACE_PERIOD: 'long' } }).found, '"long"');
  assert.equal(problemOf({ env: { SOKETI_DEFAULT_APP_MAX_CONNS: '-2' } }).source, 'SOKETI_DEFAULT_APP_MAX_CONNS');
});

test('unknown variables of peers are noted, of ours are problems', () => {
  const { notices } = load({
    env: { ...QUIET, SOKETI_PROT: '1', SOKETI_QUEUE_DRIVER: 'sync', OTHER: 'x', sluice_x: '1' },
  });
  assert.deepEqual(notices, [
    'SOKETI_PROT has no effect here; the nearest known one is SOKETI_PORT',
    'SOKETI_QUEUE_DRIVER has no effect here',
  ]);
  const cases = [
    ['SLUICE_DEFAULT_APP_SECERT', 'SLUICE_DEFAULT_APP_SECRET'],
    ['SLUICE_PORT', 'PORT'],
    ['SLUICE_PRT', 'PORT'],
    ['SLUICE_NOTHING_LIKE_IT', 'a variable of the reference'],
  ] as const;
  for (const [name, expected] of cases) {
    assert.deepEqual(problemOf({ env: { [name]: '1' } }), {
      path: '',
      source: name,
      found: 'an unknown variable',
      expected,
    });
  }
});

test('variables that Kubernetes and Docker derive from services are not meant for us', () => {
  const env = {
    ...QUIET,
    SLUICE_SERVICE_HOST: '10.0.0.1',
    SLUICE_SERVICE_PORT: '6001',
    SLUICE_SERVICE_PORT_HTTP: '6001',
    SLUICE_PORT: 'tcp://10.0.0.1:6001',
    SLUICE_PORT_6001_TCP: 'tcp://10.0.0.1:6001',
    SLUICE_PORT_6001_TCP_PROTO: 'tcp',
    SLUICE_PORT_6001_TCP_PORT: '6001',
    SLUICE_PORT_6001_TCP_ADDR: '10.0.0.1',
    SLUICE_METRICS_PORT: 'tcp://10.0.0.2:9601',
    SOKETI_PORT: 'tcp://10.0.0.3:6001',
    METRICS_PORT: 'tcp://10.0.0.4:9601',
  };
  const { settings, notices } = load({ env });
  assert.deepEqual([settings.port, settings.metrics.port, notices], [6001, 9601, []]);
});
