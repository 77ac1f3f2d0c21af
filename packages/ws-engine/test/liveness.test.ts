import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import type { WebSocket } from 'ws';
import { ClientSocket } from '../src/client-socket.ts';
import { Liveness } from '../src/liveness.ts';
import { FakeOwner, FakeSocket, FakeWebSocket } from './fake-web-socket.ts';

const TICK_MS = 250;

describe('liveness', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setInterval'] }));
  afterEach(() => mock.timers.reset());

  function setUp() {
    const liveness = new Liveness({ activityTimeoutMs: 1000, pongTimeoutMs: 500 });
    const ws = new FakeWebSocket({ raw: new FakeSocket() });
    const client = new ClientSocket(ws as unknown as WebSocket, new FakeOwner());
    liveness.watch(client);
    const pass = (ms: number): void => {
      for (let passed = 0; passed < ms; passed += TICK_MS) mock.timers.tick(TICK_MS);
    };
    const hear = (): void => {
      client.heardAt = liveness.now;
    };
    return { liveness, ws, client, pass, hear };
  }

  it('PG-05: pings a client after its silence, and leaves one alone that answers', () => {
    const { ws, pass, hear } = setUp();
    pass(750);
    assert.equal(ws.pings, 0);
    pass(250);
    assert.equal(ws.pings, 1);
    for (let cycle = 2; cycle <= 4; cycle++) {
      pass(250);
      hear();
      pass(1000);
      assert.equal(ws.pings, cycle);
    }
    assert.deepEqual(ws.closes, []);
  });

  it('PG-06: closes a client with 4201 that does not answer', () => {
    const { ws, pass } = setUp();
    pass(1000);
    pass(250);
    assert.deepEqual(ws.closes, []);
    pass(250);
    assert.deepEqual(
      ws.closes.map(({ code }) => code),
      [4201],
    );
  });

  it('PG-07: puts the ping off whenever something is heard', () => {
    const { ws, pass, hear } = setUp();
    for (let i = 0; i < 10; i++) {
      pass(750);
      hear();
    }
    assert.equal(ws.pings, 0);
  });

  it('forgets a client that has left', () => {
    const { ws, client, liveness, pass } = setUp();
    liveness.unwatch(client);
    pass(5000);
    assert.equal(ws.pings, 0);
    assert.deepEqual(ws.closes, []);
  });

  it('stops with the engine', () => {
    const { ws, liveness, pass } = setUp();
    liveness.stop();
    pass(5000);
    assert.equal(ws.pings, 0);
  });
});
