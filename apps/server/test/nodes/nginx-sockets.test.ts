import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ApiClient, APP, message, RawClient, TcpClient, textsIn, TLS_FIXTURE, until } from '@sluice/testkit';
import { sumOf } from '../process/support.ts';
import { CHANNEL, connectMany, startBehind } from './behind.ts';
import { connect, dataOfAll } from './nodes.ts';

/** So much, in KB, that Nginx has to write a request to disk and a message in many pieces. */
const LARGE_KB = 900;

describe('WebSockets through Nginx', { timeout: 120_000 }, () => {
  it('carry what is large, and let the node see who reads slowly', async (t) => {
    const { nginx, nodes } = await startBehind(t, {
      count: 1,
      app: { max_event_payload_in_kb: 1024 },
      config: { websocket: { max_messages: 1000, max_backpressure: 1000 } },
    });
    const queued = async (): Promise<number> => sumOf((await nodes[0]?.exposition()) ?? '', 'websocket_queued_bytes');
    const reader = await connect(t, nginx, [CHANNEL]);
    using slow = await TcpClient.upgrade(nginx.port, `/app/${APP.key}?protocol=7`);
    slow.write(message({ event: 'pusher:subscribe', data: { channel: CHANNEL } }));
    await until('the subscription', () => slow.received.includes('subscription_succeeded'));
    slow.pause();
    using api = new ApiClient(nginx.port);
    const sent: string[] = [];
    // What the kernel holds for a connection, twice, is all that is between the node and a client.
    while ((await queued()) === 0 && sent.length < 30) {
      sent.push(`${sent.length} ${'x'.repeat(LARGE_KB * 1024)}`);
      assert.equal((await api.trigger(CHANNEL, 'e', sent.at(-1))).status, 200);
    }
    assert.ok((await queued()) > 0, 'the node knows that one reads slowly');
    assert.deepEqual(await dataOfAll(reader, 'e', sent.length), sent);
    slow.resume();
    const got = (): unknown[] => textsIn(slow.received).map((text) => (JSON.parse(text) as { data: unknown }).data);
    await until('everything', () => slow.received.length > sent.length * LARGE_KB * 1024);
    await until('its end', () => got().at(-1) === sent.at(-1));
    assert.deepEqual(got().slice(-sent.length), sent);
    assert.equal(await queued(), 0);
  });

  it('outlive a reload, which sends new clients to another list of nodes', async (t) => {
    const { nginx, nodes } = await startBehind(t);
    const clients = await connectMany(t, nginx, 4);
    nginx.setNodes([nodes[0]?.port ?? 0]);
    nginx.signal('SIGHUP');
    const connected = async (): Promise<number[]> =>
      Promise.all(nodes.map(async (node) => sumOf(await node.exposition(), 'connected')));
    await until('the new list to be used', async () => {
      await using one = await RawClient.connect(nginx.wsUrl);
      await using other = await RawClient.connect(nginx.wsUrl);
      return one.socketId !== other.socketId && (await connected())[0] === 4;
    });
    clients.push(...(await connectMany(t, nginx, 4)));
    await until('the probes to be gone', async () => (await connected())[0] === 6);
    assert.deepEqual(await connected(), [6, 2]);
    using api = new ApiClient(nginx.port);
    assert.equal((await api.trigger(CHANNEL, 'e', 'after')).status, 200);
    for (const client of clients) assert.deepEqual(await dataOfAll(client, 'e', 1), ['after']);
  });

  it('go over TLS as the example in the configuration has it, and count as such for an app with force_tls', async (t) => {
    const { nginx } = await startBehind(t, {
      count: 1,
      app: { force_tls: true },
      tls: true,
    });
    await using secure = await RawClient.connect(nginx.wssUrl, { ca: readFileSync(TLS_FIXTURE.certFile) });
    assert.ok(secure.socketId);
    await using plain = RawClient.open(nginx.wsUrl, { headers: { 'x-forwarded-proto': 'https' } });
    assert.equal((await plain.nextClose()).code, 4000);
  });
});
