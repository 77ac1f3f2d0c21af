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
}

function checkQueue(input: CheckInput): void {
  const { max_messages: messages, max_bytes: bytes } = input.values.websocket;
  if (messages !== null || bytes !== null) return;
  const expected =
    'one of websocket.max_messages and websocket.max_bytes to be a number, or a slow client could fill the memory';
  refuse(input, ['websocket.max_messages', 'websocket.max_bytes'], { found: 'none for both', expected });
}

function checkTls(input: CheckInput): void {
  const { ssl, port } = input.values;
  if (!ssl.enabled) return;
  if (ssl.cert_path === '')
    refuse(input, ['ssl.cert_path'], { found: 'nothing', expected: 'a certificate, since ssl.enabled is true' });
  if (ssl.key_path === '')
    refuse(input, ['ssl.key_path'], { found: 'nothing', expected: 'a private key, since ssl.enabled is true' });
  if (ssl.http_port === port) {
    refuse(input, ['ssl.http_port', 'port'], { found: `the number ${port}`, expected: 'another port than `port`' });
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

function checkPorts(input: CheckInput): void {
  const { host, port, metrics } = input.values;
  if (!metrics.enabled || metrics.port !== port) return;
  const hosts = [host, metrics.host];
  if (host !== metrics.host && !hosts.some((name) => name === '0.0.0.0' || name === '::')) return;
  refuse(input, ['metrics.port', 'port'], {
    found: `the number ${metrics.port}`,
    expected: 'another port than `port`',
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
