import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import type { WebSocket } from 'ws';
import { APP, APP_WITH_QUOTA, EngineServer, HeldStore, storeOf } from './engine-server.ts';
import { QUICK, SOON_MS, until } from './until.ts';
import { collect, framesIn, subscribeFrame, upgrade } from './wire.ts';

async function closeCodeOf(client: WebSocket): Promise<number> {
  const [code] = (await once(client, 'close')) as [number];
  return code;
}

/** Events of the texts, in order, with the channel where there is one. */
function eventsIn(received: string): string[] {
  const events = received.matchAll(/\{"event":"([^"]+)"(?:,"channel":"([^"]+)")?/g);
  return [...events].map(([, event, channel]) => (channel === undefined ? `${event}` : `${event} ${channel}`));
}

describe('An upgrade that comes late', () => {
  it('is greeted during the drain, and closed with 4200', QUICK, async () => {
    await using server = await EngineServer.start(storeOf(APP));
    const [early, late] = [await server.connect(), await server.connect()];
    const [receivedEarly, receivedLate] = [collect(early), collect(late)];
    early.write(upgrade());
    await until(() => receivedEarly().includes('connection_established'));
    const drained = server.engine.drain(100);
    late.write(upgrade());
    await until(() => framesIn(receivedLate()).length === 2);
    const [greeting, close] = framesIn(receivedLate());
    assert.match(greeting ?? '', /connection_established/);
    assert.match(close ?? '', /^close 4200/);
    for (const client of [early, late]) client.destroy();
    await drained;
  });

  it('is answered after the drain with 503 and cut off, also when the client keeps its side open', QUICK, async () => {
    await using server = await EngineServer.start(storeOf(APP));
    const client = await server.connect();
    const received = collect(client);
    await until(() => server.sockets.length === 1);
    const [socket] = server.sockets;
    assert.ok(socket !== undefined);
    const ended = once(client, 'end');
    const closed = once(socket, 'close');
    await server.engine.drain(0);
    client.write(upgrade());
    await ended;
    assert.match(received(), /^HTTP\/1\.1 503 [^]*\r\nConnection: close\r\n/i);
    await closed;
    assert.equal(client.writable, true, 'the client has not ended its side');
  });
});

describe('A client that can be answered at once', () => {
  for (const [what, app, text] of [
    ['the greeting', APP, 'connection_established'],
    ['its refusal', { ...APP, enabled: false }, '4003'],
  ] as const) {
    it(`gets ${what} in one write with the answer to its upgrade`, QUICK, async (t) => {
      await using server = await EngineServer.start(storeOf(app));
      const client = await server.connect();
      const received = collect(client);
      await until(() => server.sockets.length === 1);
      const [socket] = server.sockets;
      assert.ok(socket !== undefined);
      const single = t.mock.method(socket, '_write');
      client.write(upgrade({ protocol: 5 }));
      await until(() => received().includes(text));
      assert.match(received(), /^HTTP\/1\.1 101 /);
      assert.equal(single.mock.callCount(), 0, 'Node gathers what is written into a corked socket');
    });
  }
});

describe('What a client sends before it is accepted', () => {
  for (const { name, isStoreHeld, isAdmissionHeld } of [
    { name: 'the app store', isStoreHeld: true, isAdmissionHeld: false },
    { name: 'the admission', isStoreHeld: false, isAdmissionHeld: true },
    { name: 'the app store and then the admission', isStoreHeld: true, isAdmissionHeld: true },
  ]) {
    it(`is not read while ${name} is asked, and is handled afterwards in order`, QUICK, async () => {
      const app = isAdmissionHeld ? APP_WITH_QUOTA : APP;
      const store = new HeldStore();
      await using server = await EngineServer.start(isStoreHeld ? store : storeOf(app));
      const client = await server.connect();
      const received = collect(client);
      // The first together with the upgrade, the second when the client may speak.
      client.write(Buffer.concat([Buffer.from(upgrade()), subscribeFrame('first')]));
      await until(() => received().includes('101 Switching Protocols'));
      client.write(subscribeFrame('second'));
      await server.roundTrip();
      if (isStoreHeld) {
        store.asked[0]?.resolve(app);
        await server.roundTrip();
      }
      if (isAdmissionHeld) {
        assert.deepEqual(eventsIn(received()), []);
        server.registry.asked[0]?.resolve(true);
      }
      await until(() => received().includes('"channel":"second"'));
      assert.deepEqual(eventsIn(received()), [
        'pusher:connection_established',
        'pusher_internal:subscription_succeeded first',
        'pusher_internal:subscription_succeeded second',
      ]);
      assert.equal(server.metrics.counters.messagesReceived, 2);
      assert.deepEqual([store.asked.length, server.registry.asked.length], [+isStoreHeld, +isAdmissionHeld]);
    });
  }
});

describe('A client whose admission is being asked', () => {
  async function asking(server: EngineServer): Promise<WebSocket> {
    const client = await server.webSocket();
    await until(() => server.registry.asked.length === 1);
    return client;
  }

  it('gives its place back when it is closed meanwhile, and its close is answered', QUICK, async () => {
    await using server = await EngineServer.start(storeOf(APP_WITH_QUOTA));
    const client = await asking(server);
    const closed = closeCodeOf(client);
    const startedAt = performance.now();
    const drained = server.engine.drain(0);
    await server.roundTrip();
    server.registry.asked[0]?.resolve(true);
    assert.equal(await closed, 4200);
    await drained;
    assert.ok(performance.now() - startedAt < SOON_MS);
    assert.deepEqual(server.registry.released, ['app:1']);
    assert.equal(server.metrics.counters.connections, 0);
    assert.deepEqual(server.metrics.closeCodes, [4200]);
  });

  it('finishes its close at once when it was closed meanwhile and is then refused', QUICK, async () => {
    await using server = await EngineServer.start(storeOf(APP_WITH_QUOTA));
    const closed = closeCodeOf(await asking(server));
    const startedAt = performance.now();
    const drained = server.engine.drain(0);
    await server.roundTrip();
    server.registry.asked[0]?.resolve(false);
    assert.equal(await closed, 4200);
    await drained;
    assert.ok(performance.now() - startedAt < SOON_MS);
  });

  it('gives its place back when it has left meanwhile', QUICK, async () => {
    await using server = await EngineServer.start(storeOf(APP_WITH_QUOTA));
    const client = await asking(server);
    client.terminate();
    await server.roundTrip();
    server.registry.asked[0]?.resolve(true);
    await until(() => server.metrics.closeCodes.length === 1 && server.registry.released.length > 0);
    assert.deepEqual(server.registry.released, ['app:1']);
    assert.equal(server.metrics.counters.connected, 0);
  });

  it('is closed with 4004 when there is no place, and its close is answered', QUICK, async () => {
    await using server = await EngineServer.start(storeOf(APP_WITH_QUOTA));
    const client = await asking(server);
    server.registry.asked[0]?.resolve(false);
    assert.equal(await closeCodeOf(client), 4004);
    await until(() => server.metrics.closeCodes.length === 1);
    assert.deepEqual(server.registry.released, []);
    assert.deepEqual(server.metrics.refusals, ['over_quota']);
  });

  it('is closed with 4100 when there is no answer, and its close is answered', QUICK, async () => {
    await using server = await EngineServer.start(storeOf(APP_WITH_QUOTA));
    const client = await asking(server);
    const failure = new Error('the registry has gone');
    server.registry.asked[0]?.reject(failure);
    assert.equal(await closeCodeOf(client), 4100);
    await until(() => server.metrics.closeCodes.length === 1);
    assert.deepEqual(server.errors, [failure]);
    assert.deepEqual(server.metrics.refusals, ['over_capacity']);
  });
});
