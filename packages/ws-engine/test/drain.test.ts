import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { ClientSocket } from '../src/client-socket.ts';
import { closeSpread } from '../src/drain.ts';
import { MessageFrame } from '../src/frame.ts';
import { FakeOwner, FakeSocket, FakeWebSocket } from './fake-web-socket.ts';

describe('a drain', () => {
  it('closes all with 4200, at moments spread over the window and in another order than they came', async () => {
    const closedAt: number[] = [];
    const order: number[] = [];
    const startedAt = performance.now();
    const clients = Array.from({ length: 200 }, (_, i) => {
      const ws = new FakeWebSocket({ raw: new FakeSocket() });
      ws.close = (code): void => {
        assert.equal(code, 4200);
        closedAt.push(performance.now() - startedAt);
        order.push(i);
      };
      return new ClientSocket(ws as unknown as WebSocket, new FakeOwner());
    });
    await closeSpread(clients, 400);
    assert.equal(closedAt.length, 200);
    const quarters = [0, 1, 2, 3].map((q) => closedAt.filter((ms) => ms >= q * 100 && ms < (q + 1) * 100).length);
    assert.ok(
      quarters.filter((count) => count > 20).length >= 3,
      `closes per quarter of the window: ${quarters.join(', ')}`,
    );
    assert.notDeepEqual(
      order,
      [...order].sort((x, y) => x - y),
    );
  });

  it('gives a client that reads too slowly what waits for it before its close', async () => {
    const owner = new FakeOwner();
    const fakes = ['slow', 'quick'].map((name) => {
      const raw = new FakeSocket();
      const ws = new FakeWebSocket({ raw });
      ws.close = (code): void => void raw.written.push(Buffer.from(`close ${code}`));
      raw.holding = name === 'slow';
      return { raw, client: new ClientSocket(ws as unknown as WebSocket, owner) };
    });
    const sent = ['x'.repeat(200), 'accepted', 'accepted too'].map((text) => MessageFrame.ofText(text));
    for (const frame of sent) {
      for (const { client } of fakes) client.send(frame);
      await turn();
    }
    const clients = fakes.map(({ client }) => client);
    await closeSpread(clients, 50);
    const expected = [...sent.map(({ bytes }) => bytes), Buffer.from('close 4200')];
    for (const { raw } of fakes) assert.deepEqual(raw.bytes, Buffer.concat(expected));
    assert.deepEqual(new Set(owner.goneClients), new Set(clients));
  });

  it('is over at once when nobody is there', async () => {
    const startedAt = performance.now();
    await closeSpread([], 10_000);
    assert.ok(performance.now() - startedAt < 5000);
  });
});
