import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { CLOSE } from '@sluice/protocol';
import { BIG, setUp, wire } from './client-setup.ts';

describe('a client that reads too slowly', () => {
  it('waits until the kernel has taken everything, then gets all that waited in one write, in order', async () => {
    const { raw, send } = setUp();
    raw.holding = true;
    send(BIG, 'x');
    await turn();
    const before = raw.written.length;
    send('a', 'b');
    await turn();
    send('c');
    await turn();
    assert.equal(raw.written.length, before);
    raw.drain();
    await turn();
    assert.deepEqual(raw.bytes, wire(BIG, 'x', 'a', 'b', 'c'));
  });

  it('is not written by the round that it was in already', async () => {
    const { raw, send } = setUp();
    raw.holding = true;
    send('a', BIG, 'b');
    assert.deepEqual(raw.bytes, wire('a', BIG));
    await turn();
    assert.deepEqual(raw.bytes, wire('a', BIG));
    raw.drain();
    await turn();
    assert.deepEqual(raw.bytes, wire('a', BIG, 'b'));
  });

  it('is written again also when it waits below the mark of its stream, which then tells of no drain', async () => {
    const { raw, send } = setUp();
    raw.holding = true;
    raw.writableHighWaterMark = 16_384;
    send(BIG);
    await turn();
    send('a', 'b');
    await turn();
    assert.deepEqual(raw.bytes, wire(BIG));
    raw.drain();
    await turn();
    assert.deepEqual(raw.bytes, wire(BIG, 'a', 'b'));
  });

  it('XC-07: is closed with 4100 at the bound by number, and what waited is let go', async () => {
    const { raw, ws, send, client, owner } = setUp({ maxMessages: 3 });
    raw.holding = true;
    send(BIG);
    await turn();
    send('a', 'b', 'c');
    assert.equal(ws.closes.length, 0);
    send('d');
    assert.deepEqual(
      ws.closes.map(({ code }) => code),
      [4100],
    );
    assert.deepEqual(owner.goneClients, [client]);
    raw.drain();
    await turn();
    assert.deepEqual(raw.bytes, wire(BIG));
  });

  it('is closed with 4100 at the bound by size', async () => {
    const { raw, ws, send } = setUp({ maxMessages: null, maxBytes: 10 });
    raw.holding = true;
    send(BIG);
    await turn();
    send('12345678');
    assert.equal(ws.closes.length, 0);
    send('9');
    assert.deepEqual(
      ws.closes.map(({ code }) => code),
      [4100],
    );
  });

  it('keeps its connection and loses what does not fit where the policy is to drop', async () => {
    const { raw, ws, send } = setUp({ maxMessages: 2, disconnectOnBufferFull: false });
    raw.holding = true;
    send(BIG);
    await turn();
    send('a', 'b', 'lost', 'lost too');
    raw.drain();
    await turn();
    send('later');
    await turn();
    assert.equal(ws.closes.length, 0);
    assert.deepEqual(raw.bytes, wire(BIG, 'a', 'b', 'later'));
  });

  it('counts as dropped all that waited and the message that found no room, when it is closed with 4100', async () => {
    const { raw, ws, send, counters } = setUp({ maxMessages: 3 });
    raw.holding = true;
    send(BIG);
    await turn();
    send('a', 'b', 'c');
    assert.equal(counters.messagesDropped, 0);
    send('d');
    send('after the end');
    assert.deepEqual(
      ws.closes.map(({ code }) => code),
      [4100],
    );
    assert.deepEqual([counters.messagesDropped, counters.messagesSent], [4, 1]);
  });

  it('counts each message without room as dropped where the policy is to drop', async () => {
    const { raw, send, counters } = setUp({ maxMessages: 2, disconnectOnBufferFull: false });
    raw.holding = true;
    send(BIG);
    await turn();
    send('a', 'b');
    assert.equal(counters.messagesDropped, 0);
    send('lost', 'lost too');
    assert.equal(counters.messagesDropped, 2);
    raw.drain();
    await turn();
    send('later');
    await turn();
    assert.deepEqual([counters.messagesDropped, counters.messagesSent], [2, 4]);
  });

  it('gets what waits before its close, and nothing of it twice', async () => {
    const { raw, ws, send, client, counters } = setUp();
    raw.holding = true;
    send(BIG);
    await turn();
    send('accepted', 'accepted too');
    ws.close = (code): void => void raw.written.push(Buffer.from(`close ${code}`));
    client.close(CLOSE.reconnect);
    assert.deepEqual(raw.written, [wire(BIG), wire('accepted', 'accepted too'), Buffer.from('close 4200')]);
    raw.drain();
    await turn();
    assert.equal(raw.written.length, 3);
    assert.deepEqual([counters.messagesSent, counters.messagesDropped], [3, 0]);
    assert.equal(counters.bytesSent, wire(BIG, 'accepted', 'accepted too').length);
  });

  it('counts what waits for it', async () => {
    const { raw, send, client } = setUp();
    raw.holding = true;
    send(BIG);
    await turn();
    send('a');
    assert.equal(client.queuedBytes, wire(BIG, 'a').length);
  });
});
