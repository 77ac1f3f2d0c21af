import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { banner } from '../src/banner.ts';
import { appsFile, load } from './config/support.ts';

const APP = { id: 'one', key: 'key-one', secret: 'secret-one' };
const TLS = { SSL_ENABLED: 'yes', SSL_CERT_PATH: 'cert.pem', SSL_KEY_PATH: 'key.pem', SSL_PASSPHRASE: 'pass-phrase' };

interface Setup {
  readonly env?: Readonly<Record<string, string>>;
  readonly apps?: readonly unknown[];
}

function bannerOf(t: TestContext, { env = {}, apps = [APP] }: Setup = {}): string {
  const { settings } = load({ configFile: appsFile(t, ...apps), env: { WORKERS: '4', ...env } });
  return banner(settings, '1.2.3');
}

/** What stands behind a name, such as `metrics`. */
function lineOf(text: string, name: string): string | undefined {
  return new RegExp(`^ {2}${name} +(.*)$`, 'm').exec(text)?.[1];
}

function pastedUrl(text: string): string | undefined {
  return /new WebSocket\("([^"]*)"\)/.exec(text)?.[1];
}

test('names where it listens, how it shares out, its app and its metrics, and offers something to paste', (t) => {
  assert.equal(
    bannerOf(t),
    `
  Sluice 1.2.3

  listening   http://0.0.0.0:6001  (WebSocket and HTTP API)
  workers     4, connections shared out by the primary
  app         id one, key key-one
  metrics     http://127.0.0.1:9601/metrics

  Paste into a browser console and watch the greeting arrive:

    ws = new WebSocket("ws://localhost:6001/app/key-one?protocol=7"); ws.onmessage = (m) => console.log(m.data); ws.onopen = () => ws.send('{"event":"pusher:subscribe","data":{"channel":"hello"}}')
`,
  );
});

test('says nothing of sharing where one worker has all connections', (t) => {
  assert.equal(lineOf(bannerOf(t, { env: { WORKERS: '1' } }), 'workers'), '1');
});

test('follows the address, the prefix, TLS and who shares out', (t) => {
  const env = { ...TLS, HOST: '::1', PORT: '7001', PATH_PREFIX: '/rt', CLUSTER_SCHEDULING: 'kernel' };
  const text = bannerOf(t, { env: { ...env, METRICS_HOST: '::' } });
  assert.equal(lineOf(text, 'listening'), 'https://[::1]:7001/rt  (WebSocket and HTTP API)');
  assert.equal(lineOf(text, 'workers'), '4, connections shared out by the kernel');
  assert.equal(lineOf(text, 'metrics'), 'http://[::]:9601/metrics');
  assert.equal(pastedUrl(text), 'wss://[::1]:7001/rt/app/key-one?protocol=7');
  assert.equal(pastedUrl(bannerOf(t, { env: { HOST: '::' } })), 'ws://localhost:6001/app/key-one?protocol=7');
});

test('says that metrics are off, and how many apps there are beside the first', (t) => {
  const text = bannerOf(t, { env: { METRICS_ENABLED: 'no' }, apps: [APP, { ...APP, id: '2', key: 'k2' }] });
  assert.equal(lineOf(text, 'metrics'), 'off');
  assert.equal(lineOf(text, 'app'), 'id one, key key-one and 1 more');
});

test('writes a key so that it is still the key where it was pasted', (t) => {
  const key = `a'b"c\\d&e`;
  const url = pastedUrl(bannerOf(t, { apps: [{ ...APP, key }] })) ?? '';
  assert.doesNotMatch(url, /\\/);
  assert.equal(decodeURIComponent(new URL(url).pathname), `/app/${key}`);
});

test('shows no secret: of an app, of its further keys, of its webhooks, of the certificate, of the default app', (t) => {
  const hidden = 'https://user:url-password@hooks.example.com/url-token';
  const app = {
    ...APP,
    additional_keys: [{ key: 'key-two', secret: 'secret-two' }],
    webhooks: [{ url: hidden, headers: { Authorization: 'header-token' } }],
  };
  const text = bannerOf(t, { env: TLS, apps: [app] }) + banner(load({}).settings, '1.2.3');
  assert.doesNotMatch(text, /secret|pass-phrase|password|token|hooks\.example/);
  assert.match(text, /id app-id, key app-key$/m);
});
