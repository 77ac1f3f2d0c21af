import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WebSocket } from 'ws';
import { ClientSocket } from '../src/client-socket.ts';
import { closeSpread } from '../src/drain.ts';
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

  it('is over at once when nobody is there', async () => {
    const startedAt = performance.now();
    await closeSpread([], 10_000);
    assert.ok(performance.now() - startedAt < 1000);
  });
});
