import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CLOSE } from '@sluice/protocol';
import { WebSocket } from 'ws';
import { APP, EngineServer, storeOf } from './engine-server.ts';
import { QUICK, until } from './until.ts';
import { collect, upgrade } from './wire.ts';

/** On both sides of every length at which the header changes, and in between. */
const LENGTHS = [0, 1, 124, 125, 126, 127, 128, 1023, 1024, 16_384, 65_534, 65_535, 65_536, 65_537, 200_000];

/** All that a client gets behind its greeting, up to its close. */
async function bytesOnTheWire(): Promise<string> {
  await using server = await EngineServer.start(storeOf(APP));
  const client = await server.connect();
  const received = collect(client);
  client.write(upgrade());
  await until(() => received().includes('connection_established'));
  const { transport } = server.latestConnection;
  const start = received().length;
  for (const length of LENGTHS) transport.send(server.outbox.frame('ü'.repeat(length / 2) + 'x'.repeat(length % 2)));
  transport.send(server.outbox.binaryFrame(Buffer.from([0, 255])));
  await new Promise<void>((resolve) => server.outbox.afterFlush(resolve));
  transport.send(server.outbox.frame('last'));
  transport.close(CLOSE.reconnect);
  await until(() => received().endsWith(CLOSE.reconnect.reason));
  return received().slice(start);
}

describe('A client of a ws that is not as expected', () => {
  it('gets the same bytes, of whatever lengths and kinds its messages are', QUICK, async (t) => {
    const direct = await bytesOnTheWire();
    const send = t.mock.method(WebSocket.prototype, 'send');
    t.mock.getter(WebSocket.prototype, 'extensions', () => 'something new');
    const throughSend = await bytesOnTheWire();
    assert.equal(send.mock.callCount(), LENGTHS.length + 3);
    assert.ok(direct === throughSend);
    assert.ok(direct.length > LENGTHS.reduce((sum, length) => sum + length, 0));
  });
});
