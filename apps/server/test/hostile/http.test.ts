import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { APP, type TcpClient, until } from '@sluice/testkit';
import { APP_PATH, Target } from './support.ts';

const MEGABYTE = 1024 * 1024;

function statusOf(client: TcpClient): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(client.received.toString('latin1'))?.[1] ?? 0);
}

interface Upgrade {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

function upgrade({ method = 'GET', path = APP_PATH, headers = {} }: Upgrade): string {
  const all = {
    Host: 'x',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  return `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}

/** Sends bytes on a connection of their own, and gives the status of the answer once the server has closed it. */
async function refusalOf(target: Target, bytes: string | Buffer): Promise<number> {
  using client = await target.tcp();
  client.write(bytes);
  await until('the end of the connection', () => client.ended);
  return statusOf(client);
}

describe('Requests that never become one', () => {
  const target = new Target();

  it('half a handshake, then silence, is ended with 408 after the time for headers', { timeout: 30_000 }, async () => {
    const startedAt = performance.now();
    const half = upgrade({}).slice(0, -20);
    const statuses = await Promise.all(
      [half, 'GET', 'GET /live HTTP/1.1\r\nHost: x\r\n'].map((text) => refusalOf(target, text)),
    );
    assert.deepEqual(statuses, [408, 408, 408]);
    assert.ok(performance.now() - startedAt >= 900);
  });

  it('a body is not waited for when its sender has no key', async () => {
    using client = await target.tcp();
    client.write('POST /apps/1001/events?auth_key=nobody HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n{');
    await until('the refusal', () => client.received.includes('Unknown auth_key'));
    assert.equal(statusOf(client), 401);
  });

  it('silence from the start is ended too', { timeout: 30_000 }, async () => {
    using client = await target.tcp();
    await until('the end of the connection', () => client.ended);
  });

  it('headers that come byte by byte are ended with 408, however busy they look', { timeout: 30_000 }, async () => {
    using client = await target.tcp();
    client.write('GET /live HTTP/1.1\r\n');
    for (let i = 0; i < 100 && !client.ended; i++) {
      client.write(`X-${i}: y\r\n`);
      await sleep(50);
    }
    await until('the end of the connection', () => client.ended);
    assert.equal(statusOf(client), 408);
  });

  it('huge headers are refused with 431, many small ones too', async () => {
    const one = `GET /live HTTP/1.1\r\nHost: x\r\nX-Huge: ${'h'.repeat(40_000)}\r\n\r\n`;
    const many = `GET /live HTTP/1.1\r\nHost: x\r\n${'X-Small: y\r\n'.repeat(5000)}\r\n`;
    const url = `GET /${'u'.repeat(40_000)} HTTP/1.1\r\nHost: x\r\n\r\n`;
    const handshake = upgrade({ headers: { Cookie: 'c'.repeat(40_000) } });
    for (const text of [one, many, url, handshake]) assert.equal(await refusalOf(target, text), 431);
  });

  it('garbage instead of HTTP is refused with 400', async () => {
    const tlsHello = Buffer.from([
      0x16,
      0x03,
      0x01,
      0x02,
      0x00,
      0x01,
      0x00,
      0x01,
      0xfc,
      0x03,
      0x03,
      ...Array.from({ length: 64 }, (_, i) => i),
    ]);
    const garbage: readonly (string | Buffer)[] = [
      tlsHello,
      Buffer.alloc(512, 0),
      Buffer.alloc(512, 0xff),
      'hello\r\n\r\n',
      'GET /live HTTP/9.9\r\n\r\n',
      'GET /live HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n',
      'GET /live HTTP/1.1\r\nHost: x\r\nX: a\u0000b\r\n\r\n',
      'POST /live HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      'POST /live HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      'POST /live HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    ];
    for (const bytes of garbage)
      assert.equal(await refusalOf(target, bytes), 400, JSON.stringify(bytes.toString().slice(0, 60)));
  });

  it('a connection that is only opened and closed leaves no trace', async () => {
    for (let i = 0; i < 50; i++) (await target.tcp())[Symbol.dispose]();
  });
});

describe('Requests for an upgrade that are not right', () => {
  const target = new Target();
  const cases: readonly (readonly [string, Upgrade, number])[] = [
    ['a method other than GET', { method: 'POST' }, 405],
    ['no key', { headers: { 'Sec-WebSocket-Key': undefined } }, 400],
    ['a key that is none', { headers: { 'Sec-WebSocket-Key': 'short' } }, 400],
    ['no version', { headers: { 'Sec-WebSocket-Version': undefined } }, 400],
    ['an old version', { headers: { 'Sec-WebSocket-Version': '7' } }, 400],
    ['a subprotocol that is no token', { headers: { 'Sec-WebSocket-Protocol': 'a b,' } }, 400],
  ];

  for (const [name, request, status] of cases) {
    it(`are refused: ${name}`, async () => {
      assert.equal(await refusalOf(target, upgrade(request)), status);
    });
  }

  it('to another protocol are answered as if they had not offered it', async () => {
    using client = await target.tcp();
    client.write(upgrade({ path: '/live', headers: { Upgrade: 'h2c' } }));
    await until('an answer', () => client.received.includes('LIVE'));
    assert.equal(statusOf(client), 200);
  });

  it('for paths that do not exist are closed with 4005, whatever the path', async () => {
    const paths = [
      '/',
      '/app/',
      '/app',
      '/apps/1001/events',
      `/app/${APP.key}/x`,
      '/app/%zz',
      '/app/../app',
      '//',
      '*',
      `/APP/${APP.key}`,
    ];
    for (const path of paths) {
      using client = await target.tcp();
      client.write(upgrade({ path }));
      await until('a close', () => client.received.includes('Path not found'));
      assert.equal(statusOf(client), 101, path);
    }
  });

  it('for keys that are no key are closed with 4001', async () => {
    for (const key of [
      '__proto__',
      'constructor',
      '%00',
      '%F0%9F%98%80'.repeat(50),
      '..%2f..',
      'k'.repeat(5000),
      '"><script>',
    ]) {
      using client = await target.tcp();
      client.write(upgrade({ path: `/app/${key}?protocol=7` }));
      await until('a close', () =>
        client.received.includes('not in this cluster. Did you forget to specify the cluster?'),
      );
    }
  });

  it('for protocols that are none are closed with their code', async () => {
    for (const query of [
      '',
      '?protocol',
      '?protocol=',
      '?protocol=-1',
      '?protocol=7.5',
      '?protocol=99',
      '?protocol=1e1',
      `?protocol=${'9'.repeat(400)}`,
      '?protocol=%F0%28',
    ]) {
      using client = await target.tcp();
      client.write(upgrade({ path: `/app/${APP.key}${query}` }));
      await until('a close', () => /ersion/.test(client.received.toString('latin1').split('\r\n\r\n')[1] ?? ''));
    }
  });
});

describe('Requests that are too much', () => {
  const target = new Target();
  /** Signed, since nobody else has a body read. */
  const events = (): string => {
    using api = target.api();
    return `POST ${api.target({ method: 'POST', path: '/events', body: '{' })} HTTP/1.1\r\nHost: x\r\n`;
  };

  it('a body over the limit is refused with 413, as soon as its length is known', async () => {
    using client = await target.tcp();
    client.write(`${events()}Content-Length: ${MEGABYTE + 1}\r\n\r\n{`);
    await until('an answer', () => client.received.includes(`The request body is larger than ${MEGABYTE} bytes\n`));
    assert.equal(statusOf(client), 413);
  });

  it('a body over the limit in chunks is refused with 413 when it is too large', async () => {
    using client = await target.tcp();
    client.write(`${events()}Transfer-Encoding: chunked\r\n\r\n`);
    const chunk = `${(MEGABYTE / 4).toString(16)}\r\n${'x'.repeat(MEGABYTE / 4)}\r\n`;
    for (let i = 0; i < 5; i++) client.write(chunk);
    await until('an answer', () => client.received.includes('The request body is larger'));
    assert.equal(statusOf(client), 413);
  });

  it('a body just within the limit is read', async () => {
    using api = target.api();
    const { status, text } = await api.send({ method: 'POST', path: '/events', body: 'x'.repeat(MEGABYTE) });
    assert.deepEqual([status, text], [400, 'Invalid body: not valid JSON\n']);
  });

  it('pipelined requests are all answered, in order', async () => {
    using client = await target.tcp();
    const requests = Array.from(
      { length: 100 },
      (_, i) => `GET ${i % 2 === 0 ? '/live' : '/ready'} HTTP/1.1\r\nHost: x\r\n\r\n`,
    );
    client.write(requests.join(''));
    const words = (): string[] =>
      [...client.received.toString().matchAll(/\r\n\r\n(LIVE|READY)/g)].map(([, word]) => word ?? '');
    await until('all answers', () => words().length === 100);
    assert.deepEqual(
      words(),
      Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 'LIVE' : 'READY')),
    );
  });

  it('a request, then an upgrade on the same connection, works', async () => {
    using client = await target.tcp();
    client.write('GET /live HTTP/1.1\r\nHost: x\r\n\r\n');
    await until('the answer', () => client.received.includes('LIVE'));
    client.write(upgrade({}));
    await until('the greeting', () => client.received.includes('connection_established'));
  });

  it('a request that cannot be routed gets an answer and no stack', async () => {
    for (const path of [
      '/%zz',
      '/apps/%00/channels',
      '/apps/1001/channels/%E0%A4%A',
      '/..//../etc/passwd',
      '/apps/1001',
      '/apps//events',
      'http://other/live',
    ]) {
      using client = await target.tcp();
      client.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      await until('the end of the connection', () => client.ended);
      const text = client.received.toString();
      assert.ok(statusOf(client) >= 200 && statusOf(client) < 500, `${path}: ${text}`);
      assert.doesNotMatch(text, /node_modules|\.js:\d/);
    }
    // OPTIONS is there for browsers, whose preflights name what they are about.
    for (const [method, status] of [
      ['TRACE', 404],
      ['OPTIONS', 400],
      ['PROPFIND', 404],
    ] as const) {
      using client = await target.tcp();
      client.write(`${method} /live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      await until('the end of the connection', () => client.ended);
      assert.equal(statusOf(client), status, method);
    }
    using client = await target.tcp();
    client.write('CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n');
    await until('the end of the connection', () => client.ended);
  });
});
