import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it, type TestContext } from 'node:test';
import { until } from '@sluice/testkit';
import { WebSocket as Ws } from 'ws';
import { DeltaWebSocket, type DeltaWebSocketOptions, type SocketClass } from '../src/index.ts';
import { binaryDelta, delta, full, plain } from './link.ts';
import { ScriptedServer } from './scripted-server.ts';

const SUBSCRIBE = '{"event":"pusher:subscribe","data":{"channel":"market-data"}}';

interface Opened {
  readonly server: ScriptedServer;
  readonly socket: DeltaWebSocket;
  readonly texts: string[];
}

async function open(t: TestContext, options?: DeltaWebSocketOptions): Promise<Opened> {
  const server = await ScriptedServer.listen();
  const socket = new DeltaWebSocket(server.url, undefined, options);
  t.after(async () => {
    socket.close();
    await server[Symbol.asyncDispose]();
  });
  const texts: string[] = [];
  socket.onmessage = ({ data }) => texts.push(data as string);
  await until('the greeting', () => texts.length === 1);
  return { server, socket, texts };
}

for (const [name, options] of [
  ['the WebSocket of the runtime', {}],
  ['the one of ws', { WebSocket: Ws as unknown as SocketClass }],
] as const) {
  describe(`a DeltaWebSocket over ${name}`, () => {
    it('decodes deltas between a real server and its user', async (t) => {
      const { server, socket, texts } = await open(t, { ...options });
      socket.send(SUBSCRIBE);
      await server.sent('pusher:subscribe');
      server.send(full(plain('1'), 1), delta({ base: plain('1'), target: plain('2'), seq: 2, baseSeq: 1 }));
      await until('both messages', () => texts.length === 4);
      assert.deepEqual(texts.slice(2), [plain('1'), plain('2')]);
      assert.deepEqual(
        server.received.map(({ event }) => event),
        ['pusher:enable_delta_compression', 'pusher:subscribe'],
      );
      assert.equal(socket.deltaStats.deltas, 1);
      server.send(delta({ base: plain('1'), target: plain('3'), seq: 9, baseSeq: 8 }));
      assert.deepEqual((await server.sent('pusher:delta_sync_error')).data, { channel: 'market-data' });
    });

    it('takes deltas in bytes', async (t) => {
      const { server, socket, texts } = await open(t, { ...options });
      socket.send('{"event":"pusher:subscribe","data":{"channel":"market-data"}}');
      await until('the confirmation', () => texts.length === 2);
      server.send(full(plain('1'), 1));
      server.latest.send(binaryDelta({ base: plain('1'), target: plain('2'), seq: 2, baseSeq: 1 }));
      await until('both messages', () => texts.length === 4);
      assert.deepEqual(texts.slice(2), [plain('1'), plain('2')]);
    });

    it('gives other binary messages in the type that it was told', async (t) => {
      const { server, socket } = await open(t, { ...options });
      const received: unknown[] = [];
      socket.addEventListener('message', (event) => received.push((event as MessageEvent).data));
      for (const type of ['blob', 'arraybuffer']) {
        socket.binaryType = type;
        server.latest.send(Buffer.from([1, 2]));
        await until('the binary message', () => received.length > 0);
        const data = received.pop();
        const bytes = type === 'blob' ? await (data as Blob).arrayBuffer() : (data as ArrayBuffer);
        assert.deepEqual(new Uint8Array(bytes), new Uint8Array([1, 2]));
      }
    });

    it('has the interface of a WebSocket', async (t) => {
      const { server, socket } = await open(t, { ...options });
      assert.ok(socket instanceof EventTarget);
      assert.deepEqual([socket.readyState, socket.OPEN, DeltaWebSocket.OPEN], [1, 1, 1]);
      assert.equal(socket.url, server.url);
      assert.deepEqual([socket.protocol, socket.extensions, socket.bufferedAmount], ['', socket.extensions, 0]);
      socket.binaryType = 'arraybuffer';
      assert.equal(socket.binaryType, 'arraybuffer');
      const closed = once(socket, 'close');
      server.latest.close(4001, 'gone');
      const [event] = (await closed) as [{ code: number; reason: string; wasClean: boolean }];
      assert.deepEqual([event.code, event.reason, event.wasClean, socket.readyState], [4001, 'gone', true, 3]);
    });

    it('closes with the code it is given, and refuses the codes that a WebSocket refuses', async (t) => {
      const { server, socket } = await open(t, { ...options });
      assert.throws(() => socket.close(1234));
      const closed = once(server.latest, 'close');
      socket.close(4002, 'enough');
      const [code, reason] = (await closed) as [number, Buffer];
      assert.deepEqual([code, reason.toString()], [4002, 'enough']);
    });

    it('says that it could not connect with error and close', async (t) => {
      const server = await ScriptedServer.listen();
      await server[Symbol.asyncDispose]();
      const socket = new DeltaWebSocket(server.url, undefined, { ...options });
      t.after(() => socket.close());
      const events: string[] = [];
      socket.onerror = ({ type }) => events.push(type);
      socket.onclose = ({ type, code }) => events.push(`${type} ${code}`);
      await until('the close', () => events.length === 2);
      assert.deepEqual(events, ['error', 'close 1006']);
    });
  });
}

describe('a DeltaWebSocket', () => {
  it('replaces and removes handlers as browsers do', async (t) => {
    const { server, socket, texts } = await open(t);
    const order: string[] = [];
    socket.addEventListener('message', () => order.push('listener'));
    socket.onmessage = () => order.push('handler');
    server.send(plain('1'));
    await until('the message', () => order.length === 2);
    assert.deepEqual(order, ['handler', 'listener']);
    socket.onmessage = null;
    assert.equal(socket.onmessage, null);
    server.send(plain('2'));
    await until('the message', () => order.length === 3);
    assert.equal(texts.length, 1);
  });

  it('adds filter and delta to the subscriptions of its channels', async (t) => {
    const filter = { key: 'league', cmp: 'eq', val: 'nba' } as const;
    const { server, socket } = await open(t, {
      channels: {
        'match:1': { filter },
        'match:*': { delta: 'xdelta3' },
        'm*': { delta: false },
        other: { delta: { enabled: true, algorithm: 'fossil' }, filter },
      },
    });
    for (const channel of ['match:1', 'match:2', 'market', 'other', 'plain', '__proto__']) {
      socket.send(JSON.stringify({ event: 'pusher:subscribe', data: { channel, auth: 'a:b' } }));
    }
    await server.sent('pusher:subscribe', '__proto__');
    assert.deepEqual(
      server.received.slice(1).map(({ data }) => data),
      [
        { filter, channel: 'match:1', auth: 'a:b' },
        { delta: 'xdelta3', channel: 'match:2', auth: 'a:b' },
        { delta: false, channel: 'market', auth: 'a:b' },
        { filter, delta: { enabled: true, algorithm: 'fossil' }, channel: 'other', auth: 'a:b' },
        { channel: 'plain', auth: 'a:b' },
        { channel: '__proto__', auth: 'a:b' },
      ],
    );
  });

  it('lets messages wait for the decoders, and asks for what it has', async (t) => {
    let loaded = (): void => undefined;
    const loading = new Promise<void>((resolve) => (loaded = resolve));
    const server = await ScriptedServer.listen();
    t.after(() => server[Symbol.asyncDispose]());
    const errors: string[] = [];
    const socket = new DeltaWebSocket(server.url, undefined, {
      decoders: {
        fossil: async () => {
          await loading;
          return (base) => base;
        },
        xdelta3: () => Promise.reject(new Error('404')),
      },
      channels: { 'market-data': { delta: 'xdelta3' } },
      onError: ({ message }) => errors.push(message),
    });
    t.after(() => socket.close());
    const texts: string[] = [];
    socket.onmessage = ({ data }) => texts.push(data as string);
    await until('the failed decoder', () => errors.length === 1);
    await until('the connection', () => server.connections.length === 1);
    server.send(plain('1'));
    assert.deepEqual([texts, server.received], [[], []]);
    loaded();
    await until('the messages', () => texts.length === 2);
    assert.equal(texts[1], plain('1'));
    assert.deepEqual((await server.sent('pusher:enable_delta_compression')).data, {
      algorithms: ['fossil'],
      binary: true,
    });
    assert.deepEqual(errors, ['no decoder for xdelta3 deltas: 404']);
    // It cannot decode what is wished for.
    socket.send(SUBSCRIBE);
    assert.deepEqual((await server.sent('pusher:subscribe')).data, { delta: false, channel: 'market-data' });
  });

  it('goes without deltas when no decoder comes in time', async (t) => {
    const { server, socket } = await open(t, {
      decoders: { fossil: () => new Promise(() => undefined) },
      limits: { decoderTimeoutMs: 20 },
    });
    socket.send(SUBSCRIBE);
    await server.sent('pusher:subscribe');
    assert.deepEqual(
      server.received.map(({ event }) => event),
      ['pusher:subscribe'],
    );
  });
});
