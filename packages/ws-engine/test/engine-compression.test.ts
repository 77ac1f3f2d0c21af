import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { constants, deflateRawSync } from 'node:zlib';
import { CLOSE } from '@sluice/protocol';
import { frame, type FrameSpec, OPCODE } from '@sluice/testkit';
import { type ClientOptions, WebSocket } from 'ws';
import type { Compression } from '../src/compression.ts';
import { MessageFrame } from '../src/frame.ts';
import { APP, EngineServer, storeOf } from './engine-server.ts';
import { QUICK, until } from './until.ts';
import { collect, framesIn, upgrade } from './wire.ts';

const MODES: readonly Compression[] = [
  'shared',
  'dedicated',
  'window256b',
  'window1kb',
  'window2kb',
  'window4kb',
  'window8kb',
  'window16kb',
  'window32kb',
];

/** Short ones, which are sent as they are, and long ones, which are compressed, in turn. */
const MESSAGES = Array.from({ length: 60 }, (_, n) =>
  JSON.stringify({ n, padding: `${n} `.repeat(n % 3 === 0 ? 3 : n * 40) }),
);

interface Opened {
  readonly client: WebSocket;
  /** What came since the greeting. */
  readonly got: string[];
}

async function openedWith(server: EngineServer, options: ClientOptions): Promise<Opened> {
  const client = server.connecting(options);
  const texts: string[] = [];
  client.on('message', (data: Buffer) => texts.push(data.toString()));
  await until(() => texts.length === 1);
  texts.length = 0;
  return { client, got: texts };
}

/** Says only where they differ: they are long. */
function assertSame(got: readonly string[], wanted: readonly string[]): void {
  const differing = wanted.findIndex((text, i) => got[i] !== text);
  assert.equal(differing, -1, `differs at ${differing}: ${got[differing]?.slice(0, 80)}`);
  assert.equal(got.length, wanted.length);
}

/** What comes to a client of which the server has sent the greeting, however it is compressed. */
async function rawWith(server: EngineServer, extension: string): Promise<{ client: Socket; received: () => string }> {
  const client = await server.connect();
  const received = collect(client);
  client.write(upgrade({ headers: extension === '' ? '' : `Sec-WebSocket-Extensions: ${extension}\r\n` }));
  await until(() => /\r\n\r\n[^]/.test(received()) && framesIn(received()).length === 1);
  return { client, received };
}

describe('A client that offers compression', () => {
  for (const compression of MODES) {
    it(`gets everything in order, and its close last, from a server with ${compression}`, QUICK, async () => {
      await using server = await EngineServer.start(storeOf(APP), { compression });
      const { client, got } = await openedWith(server, { perMessageDeflate: { threshold: 0 } });
      assert.equal(client.extensions, 'permessage-deflate');
      const closed = once(client, 'close');
      const connection = server.latestConnection;
      const [socket] = server.sockets;
      const before = socket?.bytesWritten ?? 0;
      for (const [i, text] of MESSAGES.entries()) {
        connection.send(text);
        // Several rounds, and frames of ws's own in between.
        if (i % 20 === 10) await new Promise<void>((resolve) => server.outbox.afterFlush(resolve));
        if (i % 20 === 11) client.ping();
      }
      connection.transport.close(CLOSE.reconnect);
      const [code] = (await closed) as [number];
      assert.equal(code, 4200);
      assertSame(got, MESSAGES);
      const written = (socket?.bytesWritten ?? 0) - before;
      assert.ok(written < MESSAGES.join('').length / 4, `${written} bytes on the wire`);
    });

    it(`is understood when it compresses what it sends, by a server with ${compression}`, QUICK, async () => {
      await using server = await EngineServer.start(storeOf(APP), { compression });
      const { client, got } = await openedWith(server, { perMessageDeflate: { threshold: 0 } });
      for (const channel of ['one', 'x'.repeat(150), 'three']) {
        client.send(JSON.stringify({ event: 'pusher:subscribe', data: { channel } }));
      }
      await until(() => got.length === 3);
      assert.match(got.join(), /"one"[^]*"xxx[^]*"three"/);
      assert.equal(server.metrics.counters.messagesReceived, 3);
    });
  }

  it('is answered without by a server that does not compress', QUICK, async () => {
    await using server = await EngineServer.start(storeOf(APP));
    const { client } = await openedWith(server, { perMessageDeflate: true });
    assert.equal(client.extensions, '');
  });

  it('that asks for a smaller window than the shared one is compressed for by itself', QUICK, async () => {
    await using server = await EngineServer.start(storeOf(APP), { compression: 'shared' });
    const { got } = await openedWith(server, { perMessageDeflate: { serverMaxWindowBits: 9 } });
    for (const text of MESSAGES) server.latestConnection.send(text);
    await until(() => got.length === MESSAGES.length);
    assertSame(got, MESSAGES);
  });
});

describe('The others of a server that compresses', () => {
  for (const compression of ['shared', 'dedicated'] as const) {
    it(
      `get everything as it is, with ${compression}: who offers nothing, and who offers what is no offer`,
      QUICK,
      async () => {
        await using server = await EngineServer.start(storeOf(APP), { compression });
        for (const extension of ['', 'permessage-deflate; server_max_window_bits=7']) {
          const { received } = await rawWith(server, extension);
          assert.doesNotMatch(received(), /Sec-WebSocket-Extensions/i);
          server.latestConnection.send('long '.repeat(1000));
          await until(() => framesIn(received()).length === 2);
          assert.equal(framesIn(received())[1], 'long '.repeat(1000));
        }
      },
    );
  }
});

describe('Clients that share', () => {
  it('get the bytes of one compression, and ws compresses nothing for them', QUICK, async (t) => {
    await using server = await EngineServer.start(storeOf(APP), { compression: 'shared' });
    const send = t.mock.method(WebSocket.prototype, 'send');
    const all: (() => string)[] = [];
    for (let i = 0; i < 3; i++) all.push((await rawWith(server, 'permessage-deflate')).received);
    const frame = MessageFrame.ofText('long '.repeat(1000));
    for (const { transport } of server.hub.space(APP).connections.values()) transport.send(frame);
    const bytes = frame.deflated.bytes.toString('latin1');
    await until(() => all.every((received) => received().endsWith(bytes)));
    assert.equal(send.mock.callCount(), 0);
  });

  it('are told what was agreed, and so are those with contexts of their own', QUICK, async () => {
    for (const [compression, answer] of [
      ['shared', 'server_no_context_takeover; client_no_context_takeover; client_max_window_bits=10'],
      ['window2kb', 'server_max_window_bits=11; client_max_window_bits=11'],
    ] as const) {
      await using server = await EngineServer.start(storeOf(APP), { compression });
      const { received } = await rawWith(server, 'permessage-deflate; client_max_window_bits');
      assert.ok(received().includes(`\r\nSec-WebSocket-Extensions: permessage-deflate; ${answer}\r\n`));
    }
  });

  it('are refused with 400 when their header is none', QUICK, async () => {
    await using server = await EngineServer.start(storeOf(APP), { compression: 'shared' });
    const client = await server.connect();
    const received = collect(client);
    client.write(upgrade({ headers: 'Sec-WebSocket-Extensions: permessage-deflate; =\r\n' }));
    await until(() => received().startsWith('HTTP/1.1 400 '));
  });
});

describe('What a client sends compressed', () => {
  const RSV1 = 4;
  const compressed = (spec: FrameSpec): Buffer => frame({ reserved: RSV1, ...spec });
  const json = deflated(Buffer.from('{}'));

  for (const compression of ['shared', 'dedicated'] as const) {
    for (const [name, bytes, code] of [
      ['is no deflate', compressed({ payload: Buffer.alloc(50, 0xff) }), 1007],
      ['is cut off', compressed({ payload: Buffer.from([0x04]) }), 1007],
      ['is no UTF-8', compressed({ payload: deflated(Buffer.from([0xff, 0xfe])) }), 1007],
      ['is binary', compressed({ opcode: OPCODE.binary, payload: json }), 1003],
      [
        'says so in a later frame',
        Buffer.concat([
          frame({ payload: json, fin: false }),
          compressed({ opcode: OPCODE.continuation, payload: json }),
        ]),
        1002,
      ],
      ['is a ping', compressed({ opcode: OPCODE.ping }), 1002],
      ['inflates to more than it may be', compressed({ payload: deflated(Buffer.alloc(20_000_000)) }), 1009],
    ] as const) {
      it(`and ${name}, is closed with ${code} by a server with ${compression}`, QUICK, async () => {
        await using server = await EngineServer.start(storeOf(APP), { compression });
        const { client, received } = await rawWith(server, 'permessage-deflate');
        const messages = server.metrics.counters.messagesReceived;
        client.write(bytes);
        await until(() => framesIn(received()).length === 2);
        assert.deepEqual(framesIn(received()).slice(1), [`close ${code}`]);
        if (code !== 1003) assert.equal(server.metrics.counters.messagesReceived, messages);
      });
    }
  }

  it('is inflated no further than a message may be long', QUICK, async () => {
    await using server = await EngineServer.start(storeOf(APP), { compression: 'shared' });
    const { client, received } = await rawWith(server, 'permessage-deflate');
    // 58 KB on the wire, 60 MB inflated; 100 KB are allowed.
    const bomb = compressed({ payload: deflated(Buffer.alloc(60_000_000)) });
    const before = process.memoryUsage.rss();
    let most = before;
    const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 1);
    client.write(bomb);
    await until(() => framesIn(received()).length === 2);
    clearInterval(timer);
    assert.deepEqual(framesIn(received()).slice(1), ['close 1009']);
    assert.ok(most - before < 20_000_000, `${most - before} bytes more`);
  });
});

/** As RFC 7692 §7.2.1 says. */
function deflated(bytes: Buffer): Buffer {
  return deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}
