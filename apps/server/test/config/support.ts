import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type LoadInput, type LoadResult, loadSettings } from '../../src/config/load.ts';
import type { ConfigProblem } from '../../src/config/problem.ts';
import { fileWith } from '../file-with.ts';

export type Loaded = Extract<LoadResult, { readonly ok: true }>;

export function load(input: Partial<LoadInput>): Loaded {
  const result = loadSettings({ argv: [], env: {}, configFile: undefined, ...input });
  assert.ok(result.ok, JSON.stringify(result, null, 2));
  return result;
}

export function problemsOf(input: Partial<LoadInput>): readonly ConfigProblem[] {
  const result = loadSettings({ argv: [], env: {}, configFile: undefined, ...input });
  assert.ok(!result.ok, 'expected problems');
  return result.problems;
}

/** The only problem of an input. */
export function problemOf(input: Partial<LoadInput>): ConfigProblem {
  const [problem, ...others] = problemsOf(input);
  assert.deepEqual(others, []);
  assert.ok(problem);
  return problem;
}

export function jsonFile(t: TestContext, tree: unknown): string {
  return fileWith(t, 'sluice.json', JSON.stringify(tree));
}

export function appsFile(t: TestContext, ...apps: readonly unknown[]): string {
  return jsonFile(t, { app_manager: { array: { apps } } });
}

/** Every variable of the limits of addresses. */
export const ADDRESS_LIMIT_VARIABLES = {
  RATE_LIMITER_ENABLED: 'yes',
  RATE_LIMITER_DRIVER: 'memory',
  RATE_LIMITER_API_MAX_REQUESTS: '1',
  RATE_LIMITER_API_WINDOW_SECONDS: '2',
  RATE_LIMITER_API_IDENTIFIER: 'a',
  RATE_LIMITER_API_TRUST_HOPS: '3',
  RATE_LIMITER_WS_MAX_REQUESTS: '4',
  RATE_LIMITER_WS_WINDOW_SECONDS: '5',
  RATE_LIMITER_WS_IDENTIFIER: 'w',
  RATE_LIMITER_WS_TRUST_HOPS: 'none',
};

/** Every variable of the way to other nodes, and of what is kept there. */
export const ADAPTER_VARIABLES = {
  QUEUE_DRIVER: 'redis',
  QUEUE_REDIS_PREFIX: 'q:',
  ADAPTER_REDIS_PREFIX: 'r:',
  ADAPTER_REDIS_REQUESTS_TIMEOUT: '101',
  ADAPTER_CLUSTER_PREFIX: '{c}:',
  ADAPTER_CLUSTER_REQUEST_TIMEOUT_MS: '102',
  REDIS_CLUSTER_NODES: '10.0.0.1:7000, redis://[::1]:7001',
  ADAPTER_NATS_PREFIX: 'n.',
  NATS_SERVERS: 'a.example:4222,nats://b.example:4223',
  NATS_USERNAME: 'nats-user',
  NATS_PASSWORD: 'nats-secret',
  NATS_TOKEN: 'nats-token',
  NATS_CREDENTIALS_PATH: 'nats.creds',
  NATS_CA_PATH: 'nats.pem',
  NATS_CONNECTION_TIMEOUT_MS: '103',
  NATS_REQUEST_TIMEOUT_MS: '104',
  CLUSTER_HEALTH_HEARTBEAT_INTERVAL: '500',
  CLUSTER_HEALTH_NODE_TIMEOUT: '1500',
  ADAPTER_OUTAGE_BUFFER_MAX_MESSAGES: '10',
  ADAPTER_OUTAGE_BUFFER_MAX_BYTES: '11',
  ADAPTER_OUTAGE_BUFFER_MAX_AGE_MS: '1200',
  ADAPTER_READY_WITHOUT_CONNECTION: 'no',
  DATABASE_REDIS_HOST: 'redis.example',
  DATABASE_REDIS_PORT: '6380',
  DATABASE_REDIS_DB: '3',
  DATABASE_REDIS_USERNAME: 'redis-user',
  DATABASE_REDIS_PASSWORD: 'redis-secret',
  DATABASE_REDIS_TLS: 'yes',
  DATABASE_REDIS_CA_PATH: 'redis.pem',
  DATABASE_REDIS_SENTINELS: '10.0.0.1:26379,10.0.0.2:26379',
  DATABASE_REDIS_SENTINEL_USERNAME: 'sentinel-user',
  DATABASE_REDIS_SENTINEL_PASSWORD: 'sentinel-secret',
  DATABASE_REDIS_NAME: 'main',
  DATABASE_REDIS_CLUSTER_NODES: '10.0.0.9:7009',
  DATABASE_REDIS_CLUSTER_USERNAME: 'cluster-user',
  DATABASE_REDIS_CLUSTER_PASSWORD: 'cluster-secret',
  DATABASE_REDIS_CLUSTER_USE_TLS: 'on',
  DATABASE_REDIS_CLUSTER_CA_PATH: 'cluster.pem',
};
