import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { after, describe, it } from 'node:test';
import {
  ApiClient,
  APP,
  closeCodeIn,
  framesIn,
  OPCODE,
  RawClient,
  SluiceProcess,
  TcpClient,
  until,
} from '@sluice/testkit';
import { dataOf } from './support.ts';

describe('The settings of WebSockets', () => {
  /** Silence of 2 s, half of the activity timeout, and the longest a message may be held back: ten minutes. */
  const config = {
    activity_timeout: 4,
    pong_timeout: 1,
    websocket: {
      flush_delay_ms: 600_000,
      write_buffer_size: 50,
      max_frame_size: 1000,
      ping_interval: 1,
      idle_timeout: 3,
      compression: 'window1kb',
    },
  };
  const started = SluiceProcess.start({ config });
  after(async () => (await started)[Symbol.asyncDispose]());

  it('hold: a client whose write buffer is full is written without a delay', async () => {
    const server = await started;
    await using client = await RawClient.connect(server.wsUrl);
    await client.subscribe('news');
    using api = new ApiClient(server.port);
    await api.trigger('news', 'e', { text: 'x'.repeat(50) });
    await until('the event', () => dataOf(client, 'e').length === 1);
  });

  it('hold: a message longer than a frame may be is closed with 1009', async () => {
    const server = await started;
    await using client = await RawClient.connect(server.wsUrl);
    client.sendText('x'.repeat(1000));
    await client.next('pusher:error');
    client.sendText('x'.repeat(1001));
    assert.equal((await client.nextClose()).code, 1009);
  });

  it('hold: clients that offer it are compressed for in their own small window', async () => {
    const server = await started;
    const client = RawClient.open(server.wsUrl, { perMessageDeflate: true });
    const [response] = (await once(client.ws, 'upgrade')) as [IncomingMessage];
    assert.equal(
      response.headers['sec-websocket-extensions'],
      'permessage-deflate; server_max_window_bits=10; client_max_window_bits=10',
    );
    await client.next('pusher:connection_established');
    await client.close();
  });

  it('hold: a client that is silent is pinged early, and closed with 4202', async () => {
    const server = await started;
    const startedAt = performance.now();
    using client = await TcpClient.upgrade(server.port, `/app/${APP.key}?protocol=7`);
    const pings = (): number => framesIn(client.received).filter(({ opcode }) => opcode === OPCODE.ping).length;
    await until('the ping', () => pings() === 1);
    const pingedAfterMs = performance.now() - startedAt;
    await until('the close', () => closeCodeIn(client.received));
    const closedAfterMs = performance.now() - startedAt;
    assert.equal(closeCodeIn(client.received), 4202);
    // Ticks of 250 ms; by the activity timeout alone it would be pinged after 4 s.
    assert.ok(pingedAfterMs > 1700 && pingedAfterMs < 3700, `pinged after ${pingedAfterMs} ms`);
    assert.ok(closedAfterMs > 2700, `closed after ${closedAfterMs} ms`);
  });
});
