import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { testApp } from '@sluice/core/testing';
import { APP, APP_WITH_QUOTA, EngineServer, storeOf } from './engine-server.ts';
import { QUICK, until } from './until.ts';
import { collect, framesIn, upgrade } from './wire.ts';

interface Upgraded {
  readonly received: () => string;
  /** How often the server has written to the kernel. */
  readonly writes: () => number;
}

async function upgraded(t: TestContext, server: EngineServer): Promise<Upgraded> {
  const client = await server.connect();
  const received = collect(client);
  await until(() => server.sockets.length === 1);
  // What a stream calls to hand on one piece, or all that has gathered in it.
  const [socket] = server.sockets as unknown as [{ _write(): void; _writev(): void }];
  const one = t.mock.method(socket, '_write');
  const several = t.mock.method(socket, '_writev');
  client.write(upgrade());
  return { received, writes: () => one.mock.callCount() + several.mock.callCount() };
}

describe('The answer to the upgrade', () => {
  it('leaves in one write with the greeting', QUICK, async (t) => {
    await using server = await EngineServer.start(storeOf(APP));
    const { received, writes } = await upgraded(t, server);
    await until(() => received().includes('connection_established'));
    assert.match(received(), /^HTTP\/1\.1 101 /);
    assert.equal(framesIn(received()).length, 1);
    assert.equal(writes(), 1);
  });

  it('leaves in one write with the close of a client that is refused', QUICK, async (t) => {
    await using server = await EngineServer.start(storeOf(testApp({ ...APP, enabled: false })));
    const { received, writes } = await upgraded(t, server);
    await until(() => received().includes('\x88'));
    assert.deepEqual(framesIn(received()), ['close 4003']);
    assert.equal(writes(), 1);
  });

  it('does not wait for a greeting that does', QUICK, async (t) => {
    await using server = await EngineServer.start(storeOf(APP_WITH_QUOTA));
    const { received, writes } = await upgraded(t, server);
    await until(() => received().includes('101 Switching Protocols'));
    assert.equal(writes(), 1);
    server.registry.asked[0]?.resolve(true);
    await until(() => received().includes('connection_established'));
    assert.equal(writes(), 2);
  });
});
