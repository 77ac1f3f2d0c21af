import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { describe, it, type TestContext } from 'node:test';
import { APP, ApiClient, freePort, RawClient, SluiceProcess, TLS_FIXTURE, until } from '@sluice/testkit';
import { open } from '../clients/support.ts';

const ca = readFileSync(TLS_FIXTURE.certFile, 'utf8');

interface TlsServer {
  readonly server: SluiceProcess;
  readonly plainPort: number;
}

/** A server with TLS on its port and a port without beside it. */
async function start(
  t: TestContext,
  options: { readonly forceTls?: boolean; readonly redirect?: boolean } = {},
): Promise<TlsServer> {
  const plainPort = await freePort();
  const server = await SluiceProcess.start({
    config: {
      app_manager: { array: { apps: [{ ...APP, force_tls: options.forceTls ?? false }] } },
      ssl: {
        enabled: true,
        cert_path: TLS_FIXTURE.certFile,
        key_path: TLS_FIXTURE.keyFile,
        http_port: plainPort,
        redirect_http: options.redirect ?? false,
      },
    },
  });
  t.after(() => server[Symbol.asyncDispose]());
  return { server, plainPort };
}

function wssUrl({ server }: TlsServer): string {
  return `wss://127.0.0.1:${server.port}/app/${APP.key}?protocol=7`;
}

describe('a server with TLS', () => {
  it('serves WebSocket and HTTP on its port, messages in order', async (t) => {
    const tls = await start(t);
    const client = await RawClient.connect(wssUrl(tls), { ca });
    t.after(() => client.close());
    await client.subscribe('news');
    const api = new ApiClient(tls.plainPort);
    t.after(() => api[Symbol.dispose]());
    for (let i = 0; i < 50; i++) await api.trigger('news', 'e', String(i));
    for (let i = 0; i < 50; i++) assert.equal((await client.next('e')).data, String(i));
    assert.deepEqual(await getOverTls(tls.server.port, '/ready'), { status: 200, text: 'READY' });
  });

  it('refuses plain requests on its port', async (t) => {
    const tls = await start(t);
    await assert.rejects(fetch(`http://127.0.0.1:${tls.server.port}/ready`));
  });

  it('serves clients without TLS on the other port, unless their app forces it', async (t) => {
    const tls = await start(t);
    const client = await RawClient.connect(`ws://127.0.0.1:${tls.plainPort}/app/${APP.key}?protocol=7`);
    t.after(() => client.close());
    assert.notEqual(client.socketId, '');
  });

  it('HS-19: closes clients without TLS with 4000 where their app forces it', async (t) => {
    const tls = await start(t, { forceTls: true });
    const plain = RawClient.open(`ws://127.0.0.1:${tls.plainPort}/app/${APP.key}?protocol=7`);
    assert.equal((await plain.nextClose()).code, 4000);
    const secure = await RawClient.connect(wssUrl(tls), { ca });
    await secure.close();
  });

  it('HS-19: has pusher-js come back with TLS', async (t) => {
    const tls = await start(t, { forceTls: true });
    // The WebSocket of pusher-js in Node takes no certificate of its own; the check is not what is tested here.
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    t.after(() => delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']);
    // It names the host to TLS, which an address is not allowed to be.
    const options = {
      wsHost: 'localhost',
      wssPort: tls.server.port,
      enabledTransports: ['ws' as const, 'wss' as const],
    };
    const client = open(t, tls.plainPort, options);
    await until('a connection', () => client.connection.state === 'connected', 10_000);
    assert.equal(
      await tls.server.metric(
        `sluice_connection_errors_total{app_id="${APP.id}",port="${tls.server.port}",error_type="tls_required"}`,
      ),
      1,
    );
  });

  it('sends plain requests to the port with TLS where that is set', async (t) => {
    const tls = await start(t, { redirect: true });
    const response = await fetch(`http://127.0.0.1:${tls.plainPort}/up?x=1`, { redirect: 'manual' });
    assert.equal(response.status, 308);
    assert.equal(response.headers.get('location'), `https://127.0.0.1:${tls.server.port}/up?x=1`);
  });

  it('shuts down in order', async (t) => {
    const tls = await start(t);
    const client = await RawClient.connect(wssUrl(tls), { ca });
    tls.server.signal('SIGTERM');
    assert.equal((await client.nextClose()).code, 4200);
    assert.equal((await tls.server.exited).code, 0);
  });
});

describe('a certificate that cannot be used', () => {
  async function outputOf(ssl: object): Promise<string> {
    await using server = await SluiceProcess.spawn({ config: { ssl: { enabled: true, ...ssl } } });
    assert.equal((await server.exited).code, 1);
    return server.output;
  }

  it('is named with its setting when it is not there', async () => {
    const output = await outputOf({ cert_path: '/nowhere/cert.pem', key_path: TLS_FIXTURE.keyFile });
    assert.match(output, /cannot read \/nowhere\/cert\.pem \(ssl\.cert_path\): ENOENT/);
  });

  it('is named with its setting when it is no certificate', async () => {
    const output = await outputOf({ cert_path: TLS_FIXTURE.keyFile, key_path: TLS_FIXTURE.certFile });
    assert.match(output, /TLS cannot be used with .*ssl\.cert_path.*ssl\.key_path/);
    assert.doesNotMatch(output, /BEGIN|PRIVATE/);
  });
});

function getOverTls(port: number, path: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    https
      .get({ host: '127.0.0.1', port, path, ca, agent: false }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      })
      .on('error', reject);
  });
}
