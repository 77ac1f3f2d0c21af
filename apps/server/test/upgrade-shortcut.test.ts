import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import type { UpgradeRequest } from '@sluice/ws-engine';
import { until } from '@sluice/testkit';
import { UnusedConnections } from '../src/unused-connections.ts';
import { UpgradeShortcut } from '../src/upgrade-shortcut.ts';

const UPGRADE = [
  'GET /app/key?protocol=7 HTTP/1.1',
  'Host: localhost',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '\r\n',
].join('\r\n');

const POST = ['POST /apps HTTP/1.1', 'Host: localhost', 'Content-Length: 5', '\r\n'].join('\r\n');

/** A server of Node with a shortcut; it answers requests with what it was sent, and upgrades with who read them. */
class Server implements AsyncDisposable {
  readonly requests: UpgradeRequest[] = [];
  /** Of those who sent them. A connection that is over does not say it any more. */
  readonly addresses: (string | undefined)[] = [];
  /** Connections that Node was given. */
  readonly passedOn: Socket[] = [];
  readonly server = http.createServer({ headersTimeout: 400, requestTimeout: 400, connectionsCheckingInterval: 50 });
  readonly unused: UnusedConnections;
  readonly shortcut: UpgradeShortcut;
  readonly #clients: Socket[] = [];

  constructor() {
    this.server.on('request', (request, response) => {
      void text(request).then((body) => response.end(`${request.method} ${body}`));
    });
    this.server.on('upgrade', (_request, socket) => socket.end('by Node'));
    this.server.on('connection', (socket) => this.passedOn.push(socket));
    this.unused = new UnusedConnections(this.server);
    this.shortcut = new UpgradeShortcut(this.server, (request, socket, rest) => {
      this.requests.push(request);
      this.addresses.push(request.socket.remoteAddress);
      socket.on('error', () => {});
      socket.end(`shortcut ${rest.toString()}`);
    });
  }

  static async start(): Promise<Server> {
    const server = new Server();
    server.server.listen(0, '127.0.0.1');
    await once(server.server, 'listening');
    return server;
  }

  async connect(): Promise<Socket> {
    const { port } = this.server.address() as AddressInfo;
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.#clients.push(client);
    // A server that cuts off is part of the tests.
    client.on('error', () => {});
    await once(client, 'connect');
    return client;
  }

  /** What the server says to this, until it ends the connection. */
  async answerTo(...parts: readonly string[]): Promise<string> {
    const client = await this.connect();
    const answer = text(client);
    for (const part of parts) {
      client.write(part);
      // The server has read the part by then: it answers this on another connection, which came later.
      await fetch(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`);
    }
    return answer;
  }

  get connections(): Promise<number> {
    return new Promise((resolve) => this.server.getConnections((_error, count) => resolve(count)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.shortcut.destroyWaiting();
    this.unused.destroyAll();
    for (const client of this.#clients) client.destroy();
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

describe('The shortcut of upgrades', () => {
  it('takes a plain one past Node, with what came behind it', async () => {
    await using server = await Server.start();
    assert.equal(await server.answerTo(`${UPGRADE}frames`), 'shortcut frames');
    const [request] = server.requests;
    assert.ok(!(request instanceof http.IncomingMessage));
    assert.equal(request?.url, '/app/key?protocol=7');
    assert.equal(request.method, 'GET');
    assert.equal(request.headers.host, 'localhost');
    assert.deepEqual(server.addresses, ['127.0.0.1']);
  });

  it('leaves to Node one that comes in parts', async () => {
    await using server = await Server.start();
    assert.equal(await server.answerTo(UPGRADE.slice(0, 40), UPGRADE.slice(40)), 'by Node');
  });

  it('leaves to Node one that comes late', async () => {
    await using server = await Server.start();
    const client = await server.connect();
    await until('Node to have the connection', () => server.passedOn.length === 1);
    client.write(UPGRADE);
    assert.equal(await text(client), 'by Node');
    assert.deepEqual(server.requests, []);
  });

  it('leaves requests to Node, several on a connection, with bodies that come in parts', async () => {
    await using server = await Server.start();
    const answer = await server.answerTo(
      `${POST}he`,
      'llo',
      `${POST}again`,
      'GET / HTTP/1.1\r\nConnection: close\r\n',
      'Host: a\r\n\r\n',
    );
    assert.deepEqual(answer.match(/(?:POST|GET) .*?(?=HTTP|$)/g), ['POST hello', 'POST again', 'GET ']);
  });

  it('leaves to Node what is no request', async () => {
    await using server = await Server.start();
    assert.match(await server.answerTo('\x16\x03\x01 is how TLS begins'), /^HTTP\/1\.1 400 /);
  });

  for (const [what, part] of [
    ['says nothing', ''],
    ['sends half a request', UPGRADE.slice(0, 40)],
  ] as const) {
    it(`leaves a client that ${what} to the timeouts of Node`, async () => {
      await using server = await Server.start();
      assert.match(await server.answerTo(part), /^HTTP\/1\.1 408 /);
    });
  }

  it('ends its side for a client that ends its own without a word', async () => {
    await using server = await Server.start();
    const client = await server.connect();
    client.end();
    assert.equal(await text(client), '');
    await until('the connection to be closed', async () => (await server.connections) === 0);
    assert.equal(server.passedOn.length, 0);
  });

  it('forgets a client that breaks off without a word', async () => {
    await using server = await Server.start();
    const client = await server.connect();
    await until('the server to have it', async () => (await server.connections) === 1);
    client.resetAndDestroy();
    await until('the connection to be closed', async () => (await server.connections) === 0);
    // It would be passed on by now.
    await server.connect();
    await until('Node to have the later one', () => server.passedOn.length === 1);
  });

  it('lets go of clients that have said nothing, in whoever has them', async () => {
    await using server = await Server.start();
    await server.connect();
    await until('Node to have the first', () => server.passedOn.length === 1);
    await server.connect();
    await until('the server to have both', async () => (await server.connections) === 2);
    server.shortcut.destroyWaiting();
    server.unused.destroyAll();
    await until('both connections to be closed', async () => (await server.connections) === 0);
  });
});
