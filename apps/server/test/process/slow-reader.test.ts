import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ApiClient,
  APP,
  closeCodeIn,
  frame,
  message,
  OPCODE,
  RawClient,
  SluiceProcess,
  TcpClient,
  textsIn,
  until,
} from '@sluice/testkit';
import { dataOf, sumOf } from './support.ts';

/** Fills what the kernel takes for a client that does not read (some MB) in a few hundred messages. */
const PADDING = 'p'.repeat(10_000);
const MAX_MESSAGES = 50;
const KEYS = 10;
/** More than any kernel buffers here take; a bound for the loops. */
const MOST_PUBLISHED = 4000;

interface Numbered {
  readonly n: number;
}

async function publish(api: ApiClient, n: number): Promise<void> {
  const { status } = await api.trigger('news', 'e', { n, padding: PADDING });
  assert.equal(status, 200);
}

interface Filling {
  readonly server: SluiceProcess;
  readonly api: ApiClient;
  /** That wait in the server then. */
  readonly bytes: number;
}

/** Publishes until the kernel takes no more. Says how many messages that were. */
async function publishUntilQueued({ server, api, bytes }: Filling): Promise<number> {
  let published = 0;
  while (sumOf(await server.exposition(), 'websocket_queued_bytes') < bytes) {
    assert.ok(published < MOST_PUBLISHED, 'the queue of the slow client fills');
    for (let i = 0; i < 25; i++) await publish(api, published++);
  }
  return published;
}

async function slowReader(server: SluiceProcess): Promise<TcpClient> {
  const client = await TcpClient.upgrade(server.port, `/app/${APP.key}?protocol=7`);
  client.write(message({ event: 'pusher:subscribe', data: { channel: 'news' } }));
  await until('the subscription', () => client.received.includes('subscription_succeeded'));
  client.pause();
  return client;
}

function numbersIn(client: TcpClient): number[] {
  return textsIn(client.received)
    .map((text) => JSON.parse(text) as { readonly event: string; readonly data: string })
    .filter(({ event }) => event === 'e')
    .map(({ data }) => (JSON.parse(data) as Numbered).n);
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}

async function expectAllInOrder(readers: readonly RawClient[], count: number): Promise<void> {
  for (const reader of readers) {
    await until('all messages', () => reader.frames.length >= count);
    assert.deepEqual(
      dataOf(reader, 'e').map((data) => (data as Numbered).n),
      upTo(count),
    );
  }
}

async function readersOf(server: SluiceProcess): Promise<RawClient[]> {
  const readers = await Promise.all([1, 2, 3, 4].map(() => RawClient.connect(server.wsUrl)));
  for (const reader of readers) await reader.subscribe('news');
  return readers;
}

describe('A client that does not read', () => {
  it('is closed with 4100 at the bound, while the others get everything in order', { timeout: 60_000 }, async () => {
    const websocket = { max_messages: MAX_MESSAGES, max_backpressure: 1000 };
    await using server = await SluiceProcess.start({ workers: 2, config: { websocket } });
    using api = new ApiClient(server.port);
    const readers = await readersOf(server);
    using slow = await slowReader(server);
    let published = 0;
    while (sumOf(await server.exposition(), 'connected') === readers.length + 1 && published < MOST_PUBLISHED) {
      for (let i = 0; i < 25; i++) await publish(api, published++);
    }
    assert.ok(published < MOST_PUBLISHED, 'the slow client was closed');
    for (let i = 0; i < 10; i++) await publish(api, published++);
    await expectAllInOrder(readers, published);
    slow.resume();
    await until('the close frame', () => closeCodeIn(slow.received));
    assert.equal(closeCodeIn(slow.received), 4100);
    slow.write(frame({ opcode: OPCODE.close }));
    await until('the end of the connection', () => slow.ended);
    const got = numbersIn(slow);
    assert.deepEqual(got, upTo(got.length), 'what it got before is whole and in order');
    assert.ok(got.length < published);
    await until(
      'the close to be counted',
      async () => sumOf(await server.exposition(), 'closed_connections_total', { code: '4100' }) === 1,
    );
    assert.equal(sumOf(await server.exposition(), 'websocket_queued_bytes'), 0);
    await Promise.all(readers.map((reader) => reader.close()));
  });

  it(
    'loses messages but stays, and gets later ones in order once it reads, if it is not to be closed',
    { timeout: 60_000 },
    async () => {
      const websocket = { max_messages: MAX_MESSAGES, max_backpressure: 1000, disconnect_on_buffer_full: false };
      await using server = await SluiceProcess.start({ workers: 1, config: { websocket } });
      using api = new ApiClient(server.port);
      const readers = await readersOf(server);
      using slow = await slowReader(server);
      // The queue is full, and then comes much more that has no room.
      let published = await publishUntilQueued({ server, api, bytes: MAX_MESSAGES * PADDING.length });
      for (let i = 0; i < 600; i++) await publish(api, published++);
      const text = await server.exposition();
      assert.equal(sumOf(text, 'connected'), readers.length + 1);
      const bound = (MAX_MESSAGES + 20) * (PADDING.length + 200);
      assert.ok(
        sumOf(text, 'websocket_queued_bytes') <= bound,
        `queued: ${sumOf(text, 'websocket_queued_bytes')} bytes`,
      );
      assert.ok(sumOf(text, 'worker_resident_memory_bytes') < 400_000_000);
      await expectAllInOrder(readers, published);

      slow.resume();
      await until(
        'what was waiting to be read',
        async () => sumOf(await server.exposition(), 'websocket_queued_bytes') === 0,
      );
      const later = published;
      for (let i = 0; i < 10; i++) await publish(api, published++);
      await until('the last message', () => slow.received.includes(`{\\"n\\":${published - 1},`));
      await until('all of it', () => numbersIn(slow).at(-1) === published - 1);
      const got = numbersIn(slow);
      assert.deepEqual(
        [...got].sort((a, b) => a - b),
        got,
        'in order',
      );
      assert.equal(new Set(got).size, got.length, 'none twice');
      assert.ok(got.length < published, 'some were lost');
      assert.deepEqual(got.slice(-10), upTo(published).slice(later), 'none is lost after it reads again');
      await Promise.all(readers.map((reader) => reader.close()));
    },
  );

  it('that pauses for a while and stays within the bounds loses nothing', { timeout: 60_000 }, async () => {
    const websocket = { max_messages: MOST_PUBLISHED, max_backpressure: 1000 };
    await using server = await SluiceProcess.start({ workers: 1, config: { websocket } });
    using api = new ApiClient(server.port);
    using slow = await slowReader(server);
    const published = await publishUntilQueued({ server, api, bytes: 100_000 });
    slow.resume();
    await until('everything', () => numbersIn(slow).length === published);
    assert.deepEqual(numbersIn(slow), upTo(published));
  });

  it(
    'gets the newest message of each conflation key once it reads, and is not closed',
    { timeout: 60_000 },
    async () => {
      const websocket = { max_messages: MAX_MESSAGES, max_backpressure: 1000 };
      await using server = await SluiceProcess.start({ workers: 1, config: { websocket } });
      using api = new ApiClient(server.port);
      const readers = await readersOf(server);
      using slow = await slowReader(server);
      let published = 0;
      const publishKeyed = async (): Promise<void> => {
        const n = published++;
        const data = JSON.stringify({ n, padding: PADDING });
        const body = { name: 'e', channel: 'news', data, conflation_key: String(n % KEYS) };
        assert.equal((await api.send({ method: 'POST', path: '/events', body })).status, 200);
      };
      // Far more than the queue takes.
      while (sumOf(await server.exposition(), 'ws_messages_conflated_total') < 10 * MAX_MESSAGES) {
        assert.ok(published < MOST_PUBLISHED, 'the client becomes slow');
        for (let i = 0; i < 25; i++) await publishKeyed();
      }
      await expectAllInOrder(readers, published);
      slow.resume();
      const newest = upTo(published).slice(-KEYS);
      await until('the newest of each key', () => newest.every((n) => numbersIn(slow).includes(n)));
      const got = numbersIn(slow);
      assert.ok(got.length < published - 9 * MAX_MESSAGES, 'what was not the newest is spared');
      for (let key = 0; key < KEYS; key++) {
        const ofKey = got.filter((n) => n % KEYS === key);
        assert.deepEqual(
          ofKey,
          ofKey.toSorted((a, b) => a - b),
          'in order',
        );
      }
      await publishKeyed();
      await until('what comes later', () => numbersIn(slow).at(-1) === published - 1);
      assert.equal(sumOf(await server.exposition(), 'connected'), readers.length + 1);
      await Promise.all(readers.map((reader) => reader.close()));
    },
  );
});
