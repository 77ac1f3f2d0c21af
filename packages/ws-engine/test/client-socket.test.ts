import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { CLOSE, type CloseReason } from '@sluice/protocol';
import type { WebSocket } from 'ws';
import { type BackpressureLimits, ClientSocket } from '../src/client-socket.ts';
import { MessageFrame } from '../src/frame.ts';
import { BIG, setUp, wire } from './client-setup.ts';
import { FakeOwner, FakeSocket, FakeWebSocket } from './fake-web-socket.ts';

describe('a client', () => {
  it('gets the messages of a turn in one write', async () => {
    const { raw, send } = setUp();
    send('a', 'b', 'c');
    assert.equal(raw.written.length, 0);
    await turn();
    assert.deepEqual(raw.written, [wire('a', 'b', 'c')]);
  });

  it('shares its bytes with clients that got the same', async () => {
    const { owner, raw, client } = setUp();
    const otherRaw = new FakeSocket();
    const other = new ClientSocket(new FakeWebSocket({ raw: otherRaw }) as unknown as WebSocket, owner);
    for (const frame of ['a', 'b'].map((text) => MessageFrame.ofText(text))) {
      client.send(frame);
      other.send(frame);
    }
    await turn();
    assert.equal(raw.written[0], otherRaw.written[0]);
  });

  it('gets what waits before its close', () => {
    const { raw, ws, send, client, owner } = setUp();
    send('a');
    client.close(CLOSE.reconnect);
    assert.deepEqual(raw.bytes, wire('a'));
    assert.deepEqual(ws.closes, [{ code: 4200, reason: CLOSE.reconnect.reason }]);
    assert.deepEqual(owner.goneClients, [client]);
    assert.equal(client.closeCode, 4200);
  });

  it('gets nothing after its close, and is closed once', async () => {
    const { raw, ws, send, client, owner } = setUp();
    client.close(CLOSE.reconnect);
    client.close(CLOSE.pongTimeout);
    send('late');
    client.leave();
    await turn();
    assert.equal(raw.written.length, 0);
    assert.equal(ws.closes.length, 1);
    assert.equal(owner.goneClients.length, 1);
  });

  it('is written at once when a turn brings more than the kernel side may hold', () => {
    const { raw, send } = setUp({ maxBackpressureBytes: 100 });
    send('a', BIG);
    assert.deepEqual(raw.bytes, wire('a', BIG));
  });

  it('is written at the end of the turn also when the first message alone is more than that', async () => {
    const { raw, send } = setUp({ maxBackpressureBytes: 100 });
    send(BIG);
    assert.equal(raw.written.length, 0);
    await turn();
    assert.deepEqual(raw.written, [wire(BIG)]);
  });

  it('gets nothing once its WebSocket closes, and nothing is counted', async () => {
    const { raw, ws, send, client, counters } = setUp();
    send('late');
    ws.readyState = 2;
    await turn();
    send('later');
    client.close(CLOSE.reconnect);
    assert.deepEqual([raw.written.length, counters.messagesSent], [0, 0]);
    assert.equal(client.queuedBytes, 0);
  });
});

describe('a client whose ws is not as expected', () => {
  for (const [name, ws] of [
    ['has no socket', () => new FakeWebSocket()],
    ['compresses', () => new FakeWebSocket({ raw: new FakeSocket(), extensions: 'permessage-deflate' })],
  ] as const) {
    it(`gets its messages one by one through send when it ${name}`, async () => {
      const { ws: used, send, raw } = setUp({}, ws());
      send('a', 'b');
      await turn();
      assert.deepEqual(used.sent, ['a', 'b']);
      assert.equal(raw.written.length, 0);
    });
  }

  it('waits there too when it reads too slowly', async () => {
    const ws = new FakeWebSocket();
    const { send } = setUp({}, ws);
    ws.bufferedAmount = 1000;
    send('a', 'b');
    await turn();
    send('c');
    await turn();
    assert.deepEqual(ws.sent, ['a', 'b']);
    ws.take();
    await turn();
    assert.deepEqual(ws.sent, ['a', 'b', 'c']);
  });

  it('waits until all of it is taken, not only what was sent before it was too much', async () => {
    const ws = new FakeWebSocket();
    const callbacks: (() => void)[] = [];
    ws.send = (payload, _options, taken): void => {
      ws.sent.push(payload.toString());
      callbacks.push(taken);
    };
    const { send } = setUp({}, ws);
    send('a');
    await turn();
    ws.bufferedAmount = 1000;
    send('b');
    await turn();
    send('c');
    callbacks[0]?.();
    await turn();
    assert.deepEqual(ws.sent, ['a', 'b']);
    callbacks[1]?.();
    await turn();
    assert.deepEqual(ws.sent, ['a', 'b', 'c']);
  });

  it('gets there too what waits before its close', async () => {
    const ws = new FakeWebSocket();
    const { send, client } = setUp({}, ws);
    ws.bufferedAmount = 1000;
    send('a');
    await turn();
    send('b', 'c');
    ws.close = (code): void => void ws.sent.push(`close ${code}`);
    client.close(CLOSE.reconnect);
    assert.deepEqual(ws.sent, ['a', 'b', 'c', 'close 4200']);
  });

  it('gets nothing more when what it waited for ends with its connection', async () => {
    const ws = new FakeWebSocket();
    const { send, client } = setUp({}, ws);
    ws.bufferedAmount = 1000;
    send('a');
    await turn();
    send('b');
    ws.readyState = ws.CLOSED;
    client.leave();
    ws.take();
    await turn();
    assert.deepEqual([ws.sent, client.queuedBytes], [['a'], 0]);
  });
});

describe('a client that shares what is compressed', () => {
  function shared(owner: FakeOwner, extensions = 'permessage-deflate') {
    const ws = new FakeWebSocket({ raw: new FakeSocket(), extensions });
    const client = new ClientSocket(ws as unknown as WebSocket, owner, 'shared');
    return { ws, client, raw: ws._socket ?? new FakeSocket() };
  }

  const LONG = 'compress me '.repeat(500);

  it('gets long messages compressed and short ones as they are, in order, in the bytes of the others', async () => {
    const owner = new FakeOwner({ maxBackpressureBytes: 10_000 });
    const [one, other] = [shared(owner), shared(owner)];
    const frames = ['short', LONG, 'short too'].map((text) => MessageFrame.ofText(text));
    for (const frame of frames) for (const { client } of [one, other]) client.send(frame);
    await turn();
    assert.deepEqual(one.raw.written, [Buffer.concat(frames.map((frame) => frame.deflated.bytes))]);
    assert.ok(one.raw.bytes.length < 200);
    assert.equal(one.raw.written[0], other.raw.written[0]);
  });

  it('waits with compressed bytes when it reads too slowly', async () => {
    const owner = new FakeOwner({ maxBackpressureBytes: 100, maxBytes: 400 });
    const { raw, client } = shared(owner);
    raw.holding = true;
    client.send(MessageFrame.ofText(BIG));
    await turn();
    const frame = MessageFrame.ofText(LONG);
    client.send(frame);
    assert.equal(client.gone, false, 'it would not have had room as it is');
    raw.drain();
    await turn();
    assert.deepEqual(raw.bytes, Buffer.concat([wire(BIG), frame.deflated.bytes]));
  });

  it('gets everything as it is when ws has not agreed to compress', async () => {
    const { raw, client } = shared(new FakeOwner({ maxBackpressureBytes: 10_000 }), '');
    client.send(MessageFrame.ofText(LONG));
    await turn();
    assert.deepEqual(raw.bytes, wire(LONG));
  });

  it('is left to ws when its socket cannot be had', async () => {
    const ws = new FakeWebSocket({ extensions: 'permessage-deflate' });
    const client = new ClientSocket(ws as unknown as WebSocket, new FakeOwner(), 'shared');
    client.send(MessageFrame.ofText(LONG));
    await turn();
    assert.deepEqual(ws.sent, [LONG]);
  });
});

describe('a client where messages are held back to gather', () => {
  const DELAY = { flushDelayMs: 60_000, writeBufferBytes: 100 };

  function setUpDelayed(maxBackpressureBytes: number) {
    const owner = new FakeOwner({ maxBackpressureBytes }, DELAY);
    const raw = new FakeSocket();
    const client = new ClientSocket(new FakeWebSocket({ raw }) as unknown as WebSocket, owner);
    return { raw, send: (text: string): void => void client.send(MessageFrame.ofText(text)) };
  }

  for (const [name, texts] of [
    ['one message that is large enough', ['x'.repeat(98)]],
    ['several', ['x'.repeat(50), 'y'.repeat(46)]],
  ] as const) {
    it(`is written at the end of the turn once the write buffer is full, by ${name}`, async (t) => {
      t.mock.timers.enable({ apis: ['setTimeout'] });
      const { raw, send } = setUpDelayed(1000);
      for (const text of texts) send(text);
      assert.equal(raw.written.length, 0);
      await turn();
      assert.deepEqual(raw.written, [wire(...texts)]);
    });
  }

  it('waits with a byte less', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { raw, send } = setUpDelayed(1000);
    send('x'.repeat(50));
    send('y'.repeat(45));
    await turn();
    assert.equal(raw.written.length, 0);
    t.mock.timers.tick(60_000);
    assert.deepEqual(raw.written, [wire('x'.repeat(50), 'y'.repeat(45))]);
  });

  it('is written without a delay after it read too slowly, if enough waits for it', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { raw, send } = setUpDelayed(100);
    raw.holding = true;
    send(BIG);
    await turn();
    send('x'.repeat(60));
    send('y'.repeat(60));
    raw.drain();
    await turn();
    assert.deepEqual(raw.bytes, wire(BIG, 'x'.repeat(60), 'y'.repeat(60)));
  });
});

describe('A client before protocol 6', () => {
  const errorOf = ({ code, reason }: CloseReason): string =>
    `{"event":"pusher:error","data":{"code":${code},"message":"${reason}"}}`;

  function setUpOld(limits: Partial<BackpressureLimits> = {}) {
    const used = setUp(limits);
    used.client.protocol = 5;
    return used;
  }

  for (const name of ['overConnectionQuota', 'userTerminated', 'reconnect', 'pongTimeout', 'overCapacity'] as const) {
    it(`gets what waits and then an error before its close for ${name}`, () => {
      const { raw, ws, send, client } = setUpOld();
      send('a');
      client.close(CLOSE[name]);
      assert.deepEqual(raw.bytes, wire('a', errorOf(CLOSE[name])));
      assert.deepEqual(ws.closes, [CLOSE[name]]);
    });
  }

  it('gets it too when nothing waits, and no second one', () => {
    const { raw, client } = setUpOld();
    client.close(CLOSE.reconnect);
    client.close(CLOSE.pongTimeout);
    assert.deepEqual(raw.bytes, wire(errorOf(CLOSE.reconnect)));
  });

  it('gets no error for a close of which core tells clients of all versions itself', () => {
    const { raw, client } = setUpOld();
    client.close(CLOSE.notAuthorised);
    assert.equal(raw.written.length, 0);
  });

  it('gets it behind its queue when it reads slowly', async () => {
    const { raw, send, client } = setUpOld();
    raw.holding = true;
    send(BIG);
    await turn();
    send('a');
    client.close(CLOSE.reconnect);
    assert.deepEqual(raw.bytes, wire(BIG, 'a', errorOf(CLOSE.reconnect)));
  });

  it('gets nothing more when its queue is full', async () => {
    const { raw, ws, send } = setUpOld({ maxMessages: 1 });
    raw.holding = true;
    send(BIG);
    await turn();
    send('a', 'b');
    assert.deepEqual(ws.closes, [CLOSE.slowConsumer]);
    assert.deepEqual(raw.bytes, wire(BIG));
  });
});
