import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, maxHeaderSize } from 'node:http';
import { duplexPair } from 'node:stream';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readUpgradeHead } from '../src/upgrade-request.ts';

const URL = '/app/key?protocol=7&client=js&version=8.4.0&flash=false';
const HEADERS = [
  'Host: localhost:6001',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

function request(headers: readonly string[] = HEADERS, line = `GET ${URL} HTTP/1.1`): string {
  return [line, ...headers, '\r\n'].join('\r\n');
}

function without(name: string): string[] {
  return HEADERS.filter((header) => !header.startsWith(name));
}

const read = (text: string): ReturnType<typeof readUpgradeHead> => readUpgradeHead(Buffer.from(text, 'latin1'));

describe('A plain upgrade request', () => {
  it('is read', () => {
    assert.deepEqual(read(request()), {
      url: URL,
      headers: {
        host: 'localhost:6001',
        upgrade: 'websocket',
        connection: 'Upgrade',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      },
      rest: Buffer.alloc(0),
    });
  });

  it('is read as browsers send it', () => {
    const firefox = [
      'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
      'Accept: */*',
      'Accept-Language: en-US,en;q=0.5',
      'Sec-WebSocket-Extensions: permessage-deflate',
      'Connection: keep-alive, Upgrade',
      'Cookie: a=1; b=2',
    ];
    const head = read(request([...without('Connection'), ...firefox]));
    assert.equal(head?.headers.connection, 'keep-alive, Upgrade');
    assert.equal(head.headers['cookie'], 'a=1; b=2');
  });

  it('may have bytes behind it', () => {
    assert.equal(read(`${request()}\x81\x80 frames`)?.rest.toString('latin1'), '\x81\x80 frames');
  });
});

describe('A request is left to Node', () => {
  const cases: Readonly<Record<string, string>> = {
    'that has not come whole': request().slice(0, -1),
    'with another method': request(HEADERS, `POST ${URL} HTTP/1.1`),
    'in small letters': request(HEADERS, `get ${URL} HTTP/1.1`),
    'of HTTP/1.0': request(HEADERS, `GET ${URL} HTTP/1.0`),
    'for a whole URL': request(HEADERS, `GET http://localhost${URL} HTTP/1.1`),
    'with a space in its path': request(HEADERS, 'GET /app/a key HTTP/1.1'),
    'with a fragment': request(HEADERS, `GET ${URL}#there HTTP/1.1`),
    'with bytes beyond ASCII in its path': request(HEADERS, 'GET /app/k\xe9y HTTP/1.1'),
    'with bytes beyond ASCII in a value': request([...HEADERS, 'X-Name: caf\xe9']),
    'with a control character in a value': request([...HEADERS, 'X-Name: a\0b']),
    'with a tab in a value': request([...HEADERS, 'X-Name: a\tb']),
    'with an empty value': request([...HEADERS, 'X-Name: ']),
    'with space behind a value': request([...HEADERS, 'X-Name: a ']),
    'with space before a colon': request([...HEADERS, 'X-Name : a']),
    'with two spaces behind a colon': request([...HEADERS, 'X-Name:  a']),
    'without space behind a colon': request([...HEADERS, 'X-Name:a']),
    'with a continued line': request([...HEADERS, 'X-Name: a', ' b: c']),
    'with a line without a colon': request([...HEADERS, 'X-Name']),
    'with bare line feeds': request().replaceAll('\r\n', '\n'),
    'with one bare line feed': request().replace('\r\nUpgrade', '\nUpgrade'),
    'with a bare carriage return': request([...HEADERS, 'X-Name: a\rb']),
    'with an underscore in a name': request([...HEADERS, '__proto__: a']),
    'with the name of what every object has': request([...HEADERS, 'constructor: a']),
    'with a header twice': request([...HEADERS, 'X-Name: a', 'x-name: b']),
    'with two keys': request([...HEADERS, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']),
    'with a body': request([...HEADERS, 'Content-Length: 4']),
    'with an empty body': request([...HEADERS, 'Content-Length: 0']),
    'with a body in chunks': request([...HEADERS, 'Transfer-Encoding: chunked']),
    'with a header that Node makes a list of': request([...HEADERS, 'Set-Cookie: a=1']),
    'without a host': request(without('Host')),
    'without an upgrade': request(without('Upgrade')),
    'to another protocol': request([...without('Upgrade'), 'Upgrade: h2c']),
    'to more than one protocol': request([...without('Upgrade'), 'Upgrade: websocket, h2c']),
    'whose connection is not upgraded': request([...without('Connection'), 'Connection: keep-alive']),
    'whose connection is closed too': request([...without('Connection'), 'Connection: close, Upgrade']),
    'without headers': request([]),
    'above the limit of headers': request([...HEADERS, `X-Name: ${'a'.repeat(maxHeaderSize)}`]),
    'behind an empty line': `\r\n${request()}`,
    'that is none': 'GET',
  };
  for (const [what, text] of Object.entries(cases)) {
    it(what, () => assert.equal(read(text), undefined));
  }
});

type Reading = Pick<IncomingMessage, 'url' | 'headers'> & { readonly rest: Buffer };

/** What Node makes of the bytes; `undefined` where they are no upgrade to it. */
function readByNode(bytes: Buffer): Promise<Reading | undefined> {
  const server = createServer();
  const [ours, client] = duplexPair();
  return new Promise((resolve) => {
    const end = (reading?: Reading): void => {
      ours.destroy();
      client.destroy();
      resolve(reading);
    };
    server.on('upgrade', ({ url, headers }, _socket, rest) => end({ url, headers, rest }));
    server.on('request', () => end());
    server.on('clientError', () => end());
    server.emit('connection', ours);
    client.on('error', () => end());
    // For what is neither read to its end nor wrong.
    client.end(bytes, () => setImmediate(() => setImmediate(end)));
  });
}

const OTHER_HEADERS = [
  'Content-Length: 0',
  'Content-Length: 3',
  'Transfer-Encoding: chunked',
  'Set-Cookie: a=1',
  'Cookie: a=1; b=2',
  'Expect: 100-continue',
  'Proxy-Connection: close',
  'Keep-Alive: timeout=5',
  'Trailer: X-Name',
  'TE: trailers',
  'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
  'Age: 1',
  'constructor: a',
  '__proto__: a',
  'Upgrade: h2c',
  'Connection: close',
  'Connection: keep-alive, Upgrade',
  'Host: elsewhere',
];

const ascii = (minLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: 'binary-ascii', minLength, maxLength: 12 }).map((text) => text.trim());
const header = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...HEADERS, ...OTHER_HEADERS) },
  fc.tuple(fc.stringMatching(/^[A-Za-z0-9-]{1,12}$/), ascii(1)).map(([name, value]) => `${name}: ${value}`),
  fc.tuple(ascii(0), fc.constantFrom(':', ': ', ':\t', ' : '), ascii(0)).map((parts) => parts.join('')),
);
const path = fc.oneof(
  { weight: 3, arbitrary: fc.webPath().map((text) => `/${text}`) },
  fc.webQueryParameters().map((text) => `/app/key?${text}`),
  ascii(0).map((text) => `/${text}`),
);
const requests = fc
  .record({
    path,
    more: fc.array(header, { maxLength: 4 }),
    rest: fc.uint8Array({ maxLength: 8 }),
    /** A byte that is replaced, most often none. */
    fault: fc.option(fc.tuple(fc.nat(200), fc.nat(255)), { freq: 2 }),
  })
  .map(({ path: where, more, rest, fault }) => {
    const bytes = Buffer.concat([Buffer.from(request([...HEADERS, ...more], `GET ${where} HTTP/1.1`), 'latin1'), rest]);
    if (fault !== null) bytes[fault[0] % bytes.length] = fault[1];
    return bytes;
  });

describe('Whatever is read', () => {
  it('is what Node reads', async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(requests, async (bytes) => {
        const ours = readUpgradeHead(bytes);
        if (ours === undefined) return;
        taken++;
        assert.deepEqual(ours, await readByNode(bytes));
      }),
      { numRuns: 2000 },
    );
    assert.ok(taken > 200, `only ${taken} were read at all`);
  });

  it('as plain requests are, with any headers', async () => {
    const name = fc.stringMatching(/^[A-Za-z0-9-]{1,12}$/);
    const value = fc.stringMatching(/^[!-~](?:[ -~]{0,10}[!-~])?$/);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(name, value), { maxLength: 8 }), async (more) => {
        const bytes = Buffer.from(request([...HEADERS, ...more.map((pair) => pair.join(': '))]));
        const ours = readUpgradeHead(bytes);
        if (ours !== undefined) assert.deepEqual(ours, await readByNode(bytes));
      }),
      { numRuns: 500 },
    );
  });
});
