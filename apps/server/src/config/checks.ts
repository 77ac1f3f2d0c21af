import type { Report } from './problem.ts';
import type { Values } from './schema.ts';

export interface CheckInput {
  readonly values: Values;
  /** Where a key was set; `undefined` for a default. */
  readonly sources: ReadonlyMap<string, string>;
  readonly report: Report;
}

/** Keys that are right one by one but not together. Those with a problem of their own are left alone. */
export function checkTogether(input: CheckInput): void {
  checkShutdown(input);
  checkPorts(input);
  checkTls(input);
  checkQueue(input);
  checkBackoff(input);
  checkHeartbeat(input);
  checkNodes(input);
}

/** An adapter without anybody to ask. */
function checkNodes(input: CheckInput): void {
  const { adapter, database } = input.values;
  if (adapter.driver === 'redis-cluster' && adapter.cluster.nodes.length + database.redis.cluster.nodes.length === 0) {
    const expected = 'at least one node (host:port), since adapter.driver is redis-cluster';
    refuse(input, ['adapter.cluster.nodes', 'database.redis.cluster.nodes'], { found: 'none', expected });
  }
  if (adapter.driver === 'nats' && adapter.nats.servers.length === 0) {
    const expected = 'at least one server (host:port), since adapter.driver is nats';
    refuse(input, ['adapter.nats.servers'], { found: 'none', expected });
  }
}

function checkHeartbeat(input: CheckInput): void {
  const { heartbeat_interval_ms: beat, node_timeout_ms: dead } = input.values.adapter.cluster_health;
  if (dead >= 3 * beat) return;
  const paths = ['adapter.cluster_health.node_timeout_ms', 'adapter.cluster_health.heartbeat_interval_ms'];
  const expected = `at least three times adapter.cluster_health.heartbeat_interval_ms (${beat} ms), or a late heartbeat kills a node`;
  refuse(input, paths, { found: `${dead} ms`, expected });
}

function checkQueue(input: CheckInput): void {
  const { max_messages: messages, max_bytes: bytes } = input.values.websocket;
  if (messages !== null || bytes !== null) return;
  const expected =
    'one of websocket.max_messages and websocket.max_bytes to be a number, or a slow client could fill the memory';
  refuse(input, ['websocket.max_messages', 'websocket.max_bytes'], { found: 'none for both', expected });
}

function checkTls(input: CheckInput): void {
  const { ssl } = input.values;
  if (!ssl.enabled) return;
  if (ssl.cert_path === '')
    refuse(input, ['ssl.cert_path'], { found: 'nothing', expected: 'a certificate, since ssl.enabled is true' });
  if (ssl.key_path === '')
    refuse(input, ['ssl.key_path'], { found: 'nothing', expected: 'a private key, since ssl.enabled is true' });
  if (ssl.redirect_http && ssl.http_port === 0) {
    const expected = 'a port without TLS, since ssl.redirect_http is true';
    refuse(input, ['ssl.http_port', 'ssl.redirect_http'], { found: '0', expected });
  }
}

function checkShutdown(input: CheckInput): void {
  const { drain_window_ms: drain, pre_stop_delay_ms: delay } = input.values.shutdown;
  const graceMs = input.values.shutdown_grace_period * 1000;
  if (drain + delay <= graceMs) return;
  refuse(input, ['shutdown.drain_window_ms', 'shutdown.pre_stop_delay_ms', 'shutdown_grace_period'], {
    found: `${drain} ms + ${delay} ms`,
    expected: `shutdown.drain_window_ms + shutdown.pre_stop_delay_ms to be at most shutdown_grace_period (${graceMs} ms)`,
  });
}

/** Ports that are listened on, each with where its address and its number are set. */
function checkPorts(input: CheckInput): void {
  const { host, port, metrics, ssl } = input.values;
  const used = [{ path: 'port', host, port }];
  if (ssl.enabled && ssl.http_port !== 0) used.push({ path: 'ssl.http_port', host, port: ssl.http_port });
  if (metrics.enabled) used.push({ path: 'metrics.port', host: metrics.host, port: metrics.port });
  for (const [i, first] of used.entries()) {
    for (const second of used.slice(i + 1)) {
      if (first.port !== second.port || !overlap(first.host, second.host)) continue;
      const expected = `${first.path} and ${second.path} to be different ports`;
      refuse(input, [second.path, first.path], { found: `the number ${second.port}`, expected });
    }
  }
}

function overlap(one: string, other: string): boolean {
  return one === other || [one, other].some((name) => name === '0.0.0.0' || name === '::');
}

function checkBackoff(input: CheckInput): void {
  const { initial_backoff_ms: initial, max_backoff_ms: max } = input.values.webhooks.retry;
  if (initial <= max) return;
  refuse(input, ['webhooks.retry.initial_backoff_ms', 'webhooks.retry.max_backoff_ms'], {
    found: `${initial} ms`,
    expected: `at most webhooks.retry.max_backoff_ms (${max} ms)`,
  });
}

function refuse(
  input: CheckInput,
  paths: readonly string[],
  what: { readonly found: string; readonly expected: string },
): void {
  const { problems } = input.report;
  if (problems.some(({ path }) => paths.includes(path))) return;
  const path = paths.find((candidate) => input.sources.has(candidate)) ?? paths[0] ?? '';
  problems.push({ path, source: input.sources.get(path) ?? 'default', ...what });
}
