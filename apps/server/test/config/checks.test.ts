import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonFile, load, problemOf } from './support.ts';

const TLS = { SSL_ENABLED: 'yes', SSL_CERT_PATH: 'cert.pem', SSL_KEY_PATH: 'key.pem' };

test('the times of a shutdown have to fit into its grace period', (t) => {
  const drain = problemOf({ env: { SHUTDOWN_DRAIN_WINDOW_MS: '8000', SHUTDOWN_PRE_STOP_DELAY_MS: '2001' } });
  assert.deepEqual(drain, {
    path: 'shutdown.drain_window_ms',
    source: 'SHUTDOWN_DRAIN_WINDOW_MS',
    found: '8000 ms + 2001 ms',
    expected: 'shutdown.drain_window_ms + shutdown.pre_stop_delay_ms to be at most shutdown_grace_period (10000 ms)',
  });
  assert.equal(problemOf({ env: { SHUTDOWN_GRACE_PERIOD: '2' } }).source, 'SHUTDOWN_GRACE_PERIOD');
  load({ env: { SHUTDOWN_GRACE_PERIOD: '3' } });
  load({ env: { SHUTDOWN_DRAIN_WINDOW_MS: '8000', SHUTDOWN_PRE_STOP_DELAY_MS: '2000' } });
  const configFile = jsonFile(t, { shutdown_grace_period: 'soon', shutdown: { drain_window_ms: 99_999 } });
  assert.equal(problemOf({ configFile }).path, 'shutdown_grace_period');
});

test('metrics need a port of their own', () => {
  assert.equal(problemOf({ env: { METRICS_PORT: '6001' } }).path, 'metrics.port');
  assert.equal(problemOf({ argv: ['--port=9601'] }).source, '--port');
  load({ env: { METRICS_PORT: '6001', METRICS_ENABLED: 'false' } });
  load({ env: { METRICS_PORT: '6001', HOST: '10.0.0.1' } });
});

test('the port without TLS is not that of metrics', () => {
  assert.deepEqual(problemOf({ env: { ...TLS, SSL_HTTP_PORT: '9601' } }), {
    path: 'ssl.http_port',
    source: 'SSL_HTTP_PORT',
    found: 'the number 9601',
    expected: 'ssl.http_port and metrics.port to be different ports',
  });
  const both = problemOf({ env: { ...TLS, SSL_HTTP_PORT: '80', METRICS_PORT: '80' } });
  assert.deepEqual([both.path, both.source], ['metrics.port', 'METRICS_PORT']);
  load({ env: { ...TLS, SSL_HTTP_PORT: '9601', METRICS_ENABLED: 'no' } });
  load({ env: { ...TLS, SSL_HTTP_PORT: '9601', HOST: '10.0.0.1' } });
  load({ env: { SSL_HTTP_PORT: '9601' } });
});

test('a redirect to TLS needs a port to come from', (t) => {
  assert.deepEqual(problemOf({ env: { ...TLS, SSL_REDIRECT_HTTP: 'yes' } }), {
    path: 'ssl.redirect_http',
    source: 'SSL_REDIRECT_HTTP',
    found: '0',
    expected: 'a port without TLS, since ssl.redirect_http is true',
  });
  const configFile = jsonFile(t, { ssl: { redirect_http: true } });
  assert.equal(problemOf({ configFile, env: { ...TLS, SSL_HTTP_PORT: '0' } }).path, 'ssl.http_port');
  load({ configFile, env: { ...TLS, SSL_HTTP_PORT: '80' } });
  load({ configFile });
});

test('webhooks begin with the shortest wait', () => {
  assert.deepEqual(problemOf({ env: { WEBHOOK_RETRY_INITIAL_BACKOFF_MS: '60001' } }), {
    path: 'webhooks.retry.initial_backoff_ms',
    source: 'WEBHOOK_RETRY_INITIAL_BACKOFF_MS',
    found: '60001 ms',
    expected: 'at most webhooks.retry.max_backoff_ms (60000 ms)',
  });
  assert.equal(problemOf({ env: { WEBHOOK_RETRY_MAX_BACKOFF_MS: '999' } }).source, 'WEBHOOK_RETRY_MAX_BACKOFF_MS');
  load({ env: { WEBHOOK_RETRY_MAX_BACKOFF_MS: '1000' } });
});

test('the queue of a slow client has a bound', () => {
  const problem = problemOf({ env: { WEBSOCKET_MAX_MESSAGES: 'none' } });
  assert.equal(problem.path, 'websocket.max_messages');
  assert.match(problem.expected, /max_bytes/);
  load({ env: { WEBSOCKET_MAX_MESSAGES: 'none', WEBSOCKET_MAX_BYTES: '1000' } });
});
