import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { APP, freePort, SluiceProcess, TLS_FIXTURE } from '@sluice/testkit';
import { parseOptions } from '../src/command/options.ts';
import { targetOf } from '../src/command/preparation.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const CREDENTIALS = ['--app-id', APP.id, '--app-key', APP.key, '--app-secret', APP.secret];
const PREFIX = '/realtime';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function conformance(...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, ['--conditions=@sluice/source', MAIN, ...args], {
    env: { PATH: process.env['PATH'], NODE_EXTRA_CA_CERTS: TLS_FIXTURE.certFile },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

function numbersOf({ stdout }: Ended, name: string): number[] | undefined {
  const line = stdout.split('\n').find((text) => text.startsWith(name));
  return line?.match(/\d+/g)?.map(Number);
}

const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
const server = await SluiceProcess.start({ config: { path_prefix: PREFIX } });
const url = `ws://127.0.0.1:${server.port}${PREFIX}`;
after(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

describe('The command, against a server', { concurrency: 4 }, () => {
  it('judges the groups that were asked for, and counts them in a table', async () => {
    const ended = await conformance('--url', url, ...CREDENTIALS, '--only', 'PG');
    assert.equal(ended.code, 0, ended.stdout);
    assert.deepEqual(numbersOf(ended, 'PG  Pings'), [8, 0, 4]);
    assert.deepEqual(numbersOf(ended, 'all'), [8, 0, 4]);
    assert.match(ended.stdout, /\nSkipped\n {2}the target has no short-timeouts: PG-05, PG-06, PG-07, PG-08\n$/);
    assert.match(ended.stderr, /^PG: 8 passed, 0 failed, 4 skipped$/m);
  });

  it('passes nearly everything below a path prefix, the libraries of Pusher too', async () => {
    const only = 'sb,ev-01,EV-24,EV-31,PR-26,CH-05,TE,CA-10';
    const ended = await conformance('--url', url, ...CREDENTIALS, '--only', only);
    assert.equal(ended.code, 0, ended.stdout);
    assert.deepEqual(numbersOf(ended, 'SB'), [20, 0, 1]);
    assert.deepEqual(numbersOf(ended, 'EV'), [3, 0, 0]);
    assert.deepEqual(numbersOf(ended, 'PR'), [1, 0, 0]);
    assert.deepEqual(numbersOf(ended, 'CH'), [1, 0, 0]);
    assert.deepEqual(numbersOf(ended, 'TE'), [8, 0, 1]);
    assert.match(ended.stdout, /the target has no webhooks: CA-10/);
  });

  it('shows of a failure what was sent, what came and what was expected, and ends with 1', async () => {
    await using mute = await SluiceProcess.start({ config: { app_manager: { array: { apps: [APP] } } } });
    const file = join(folder, 'new', 'results.json');
    const to = ['--url', `http://127.0.0.1:${mute.port}`, ...CREDENTIALS];
    const ended = await conformance(...to, '--only', 'CE-01,SB-01', '--json', file);
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /^CE-01 failed$/m);
    assert.match(ended.stdout, /^FAILED CE-01: A client event on a private channel reaches the others/);
    assert.match(ended.stdout, /ws1 +→ \{"event":"client-x"/);
    assert.match(ended.stdout, /ws1 +← \{"event":"pusher:error"/);
    assert.match(ended.stdout, /waited 5000 ms in vain for \{"event":"client-x".*\n {2}\(src\/rows\/ce\.ts:\d+\)/);
    assert.deepEqual(numbersOf(ended, 'all'), [1, 1, 0]);
    const text = readFileSync(file, 'utf8');
    assert.ok(!`${text}${ended.stdout}${ended.stderr}`.includes(APP.secret), 'the secret is told nobody');
    const { date, versions, target, rows, ...rest } = JSON.parse(text) as Record<string, unknown>;
    assert.equal(new Date(String(date)).toISOString(), date);
    assert.deepEqual(Object.keys(versions as object), ['conformance', 'node', 'pusher', 'pusher-js', 'ws']);
    assert.deepEqual(target, { url: `ws://127.0.0.1:${mute.port}`, appId: APP.id, appKey: APP.key });
    assert.deepEqual(rest, {
      only: ['CE-01', 'SB-01'],
      passed: 1,
      failed: 1,
      skipped: 0,
      groups: { SB: { passed: 1, failed: 0, skipped: 0 }, CE: { passed: 0, failed: 1, skipped: 0 } },
    });
    const [first, second] = rows as Record<string, unknown>[];
    assert.deepEqual([first?.['id'], first?.['outcome'], first?.['transcript']], ['SB-01', 'passed', null]);
    assert.deepEqual([second?.['id'], second?.['outcome']], ['CE-01', 'failed']);
    assert.match(String(second?.['transcript']), /client-x/);
  });

  it('judges webhooks that come to its port, at any path and in batches', async () => {
    const port = await freePort();
    const webhooks = [{ url: `http://127.0.0.1:${port}/any/path?of=the-operator` }];
    await using telling = await SluiceProcess.start({
      workers: 2,
      config: {
        app_manager: { array: { apps: [{ ...APP, enable_client_messages: true, webhooks }] } },
        webhooks: { retry: { initial_backoff_ms: 200 }, request_timeout_ms: 1500, vacated_delay_ms: 2000 },
      },
    });
    const to = ['--url', `ws://127.0.0.1:${telling.port}`, ...CREDENTIALS, '--webhook-port', `${port}`];
    const ended = await conformance(...to, '--only', 'WH,CA-10');
    assert.equal(ended.code, 0, `${ended.stdout}${ended.stderr}`);
    assert.deepEqual(numbersOf(ended, 'CA'), [1, 0, 0]);
    assert.deepEqual(numbersOf(ended, 'WH'), [17, 0, 8]);
    assert.match(ended.stdout, /\n {2}the app does not count subscribers: WH-12\n/);
  });

  it('judges a server behind TLS', async () => {
    await using encrypted = await SluiceProcess.start({
      config: { ssl: { enabled: true, cert_path: TLS_FIXTURE.certFile, key_path: TLS_FIXTURE.keyFile } },
    });
    // pusher-js names the host to TLS, which an address is not allowed to be.
    const at = `localhost:${encrypted.port}`;
    const only = ['--only', 'SB-01,SB-20,HA-26,EV-01,EV-02,PG-10'];
    for (const to of [
      ['--url', `wss://${at}`],
      ['--url', `ws://${at}`, '--tls'],
    ]) {
      const ended = await conformance(...to, ...CREDENTIALS, ...only);
      assert.equal(ended.code, 0, `${ended.stdout}${ended.stderr}`);
      assert.deepEqual(numbersOf(ended, 'all'), [5, 0, 1]);
      assert.match(ended.stdout, /it looks into the connection, which is behind TLS: PG-10/);
    }
  });
});

describe('The command', { concurrency: 4 }, () => {
  it('says that nobody is there', async () => {
    const nowhere = `ws://127.0.0.1:${await freePort()}`;
    const ended = await conformance('--url', nowhere, ...CREDENTIALS, '--only', 'PG');
    assert.equal(ended.code, 1);
    const address = nowhere.slice('ws://'.length);
    assert.equal(
      ended.stderr,
      `nothing can be judged: no WebSocket connection to ${nowhere}: connect ECONNREFUSED ${address}\n`,
    );
    assert.equal(ended.stdout, '');
  });

  it('says that the server does not know the app, or does not take its secret', async () => {
    const to = ['--url', url, '--app-id', APP.id, '--app-key'];
    const wrongKey = await conformance(...to, 'nope', '--app-secret', APP.secret);
    assert.equal(wrongKey.code, 1);
    assert.match(wrongKey.stderr, /refuses the app key nope: it closes with 4001 'App key nope/);
    const wrongSecret = await conformance(...to, APP.key, '--app-secret', 'nope');
    assert.equal(wrongSecret.code, 1);
    assert.match(wrongSecret.stderr, /refuses requests of the app: 401 Invalid signature/);
  });

  it('opens as many connections as it was told, for a minute', () => {
    const options = parseOptions(['--url', url, ...CREDENTIALS, '--connections', '10000']);
    assert.ok(options !== null);
    assert.deepEqual(targetOf(options, null).load, { connections: 10_000, seconds: 60 });
  });

  it('says that it cannot listen for webhooks', async () => {
    const to = ['--url', url, ...CREDENTIALS, '--webhook-port', `${server.port}`];
    const ended = await conformance(...to, '--only', 'WH');
    assert.equal(ended.code, 2);
    assert.match(ended.stderr, /^--webhook-port: nothing can listen on \d+: .*EADDRINUSE/);
  });

  it('explains itself', async () => {
    for (const flag of ['--help', '-h']) {
      const ended = await conformance(flag);
      assert.equal(ended.code, 0);
      assert.match(ended.stdout, /^npm run conformance -- --url URL/);
    }
  });

  it('ends with 2 where the command line is wrong', async () => {
    const to = ['--url', 'ws://127.0.0.1:1'];
    const wrong: readonly (readonly [RegExp, readonly string[]])[] = [
      [/^--url is missing$/m, []],
      [/^--app-id is missing$/m, to],
      [/^--app-secret is missing$/m, [...to, ...CREDENTIALS.slice(0, 4)]],
      [/^--url: expected ws:\/\/host:port/m, ['--url', '127.0.0.1:6001', ...CREDENTIALS]],
      [/^--url: expected .*"ftp:\/\/x"/m, ['--url', 'ftp://x', ...CREDENTIALS]],
      [/^--url: expected .*"ws:\/\/x\/\?a=b"/m, ['--url', 'ws://x/?a=b', ...CREDENTIALS]],
      [/^--only: expected groups \(HS, .*got "XX"/m, [...to, ...CREDENTIALS, '--only', 'HS,XX']],
      [/^--only: .*got "PG-13"/m, [...to, ...CREDENTIALS, '--only', 'PG-13']],
      [/^--json is missing$/m, [...to, ...CREDENTIALS, '--json', '']],
      [
        /^--webhook-port: expected a number from 1 to 65535, got "70000"/m,
        [...to, ...CREDENTIALS, '--webhook-port', '70000'],
      ],
      [
        /^--connections: expected a number from 1 to 60000, got "many"/m,
        [...to, ...CREDENTIALS, '--connections', 'many'],
      ],
      [/Unknown option '--fast'/, [...to, ...CREDENTIALS, '--fast']],
      [/Unexpected argument 'HS'/, [...to, ...CREDENTIALS, 'HS']],
    ];
    for (const [message, args] of wrong) {
      const ended = await conformance(...args);
      assert.equal(ended.code, 2, args.join(' '));
      assert.match(ended.stderr, message);
      assert.match(ended.stderr, /\(--help lists everything\)\n$/);
      assert.equal(ended.stdout, '');
    }
  });
});
