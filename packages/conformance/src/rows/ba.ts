import assert from 'node:assert/strict';
import { type EventBody, expectRefusal, expectStatus, jsonOf } from '../clients/http-client.ts';
import type { RowContext } from '../context.ts';
import type { Row } from '../row.ts';
import { encryptedPusher, MASTER_KEY } from './encryption.ts';

const MAX_BATCH = 10;
const MAX_BYTES = 10_240;

interface Refusal {
  readonly status: number;
  readonly message: RegExp;
}

/** A batch of a good event and this one is refused, and none of it is delivered. */
async function expectRefusedWith(
  context: RowContext,
  badFor: (channel: string) => Partial<EventBody>,
  { status, message }: Refusal,
): Promise<void> {
  const channel = context.channel();
  const socket = await context.connect();
  await socket.subscribe(channel);
  const batch = [{ channel, name: 'e', data: 'd' }, badFor(channel)];
  expectRefusal(await context.http().post('/batch_events', { batch }), status, message);
  await socket.expectQuiet();
}

export const BA: readonly Row[] = [
  {
    id: 'BA-01',
    statement: "A batch of Pusher's library is accepted with exactly {}, and its events are delivered.",
    async run(c) {
      const [first, second] = [c.channel(), c.channel()];
      const socket = await c.connect();
      await socket.subscribe(first);
      await socket.subscribe(second);
      const response = await c.publisher().triggerBatch([
        { channel: first, name: 'e1', data: 'd1' },
        { channel: second, name: 'e2', data: { a: 1 } },
      ]);
      assert.equal(response.status, 200);
      assert.equal(await response.text(), '{}');
      await socket.expectFrame({ event: 'e1', channel: first, data: 'd1' });
      await socket.expectFrame({ event: 'e2', channel: second, data: '{"a":1}' });
    },
  },
  {
    id: 'BA-02',
    statement: 'A batch may have 10 events; 11 are refused with the text of Pusher.',
    async run(c) {
      const channel = c.channel();
      const batch = Array.from({ length: MAX_BATCH }, (_, i): EventBody => ({ channel, name: 'e', data: `${i}` }));
      const socket = await c.connect();
      await socket.subscribe(channel);
      expectStatus(await c.http().post('/batch_events', { batch }), 200);
      for (let i = 0; i < MAX_BATCH; i++) await socket.expectFrame({ event: 'e', channel, data: `${i}` });
      const tooLarge = [...batch, { channel, name: 'e', data: '10' }];
      expectRefusal(await c.http().post('/batch_events', { batch: tooLarge }), 400, 'Batch too large (11 > 10)');
      await socket.expectQuiet();
    },
  },
  {
    id: 'BA-03',
    statement: 'A batch with an event without channel is refused, and none of it is delivered.',
    run: (c) =>
      expectRefusedWith(c, () => ({ name: 'e', data: 'd' }), {
        status: 400,
        message: /Missing required parameter: channel/,
      }),
  },
  {
    id: 'BA-04',
    statement: 'A batch with an event of more than 10240 bytes is refused with 413, and none of it is delivered.',
    run: (c) =>
      expectRefusedWith(c, (channel) => ({ channel, name: 'e', data: 'x'.repeat(MAX_BYTES + 1) }), {
        status: 413,
        message: /content of this event/,
      }),
  },
  {
    id: 'BA-05',
    statement: 'info of some events is answered in their places, with {} in the others.',
    async run(c) {
      const [channel, presence] = [c.channel(), c.channel('presence-')];
      const socket = await c.connect();
      await socket.subscribe(channel);
      await socket.join(presence, { user_id: '1' });
      const batch = [
        { channel, name: 'e', data: 'd', info: 'subscription_count' },
        { channel, name: 'e', data: 'd' },
        { channel: presence, name: 'e', data: 'd', info: 'user_count,subscription_count' },
      ];
      assert.deepEqual(jsonOf(await c.http().post('/batch_events', { batch })), {
        batch: [{ subscription_count: 1 }, {}, { user_count: 1, subscription_count: 1 }],
      });
    },
  },
  {
    id: 'BA-06',
    statement: 'A subscriber gets the events of a batch in its order.',
    async run(c) {
      const [first, second] = [c.channel(), c.channel()];
      const socket = await c.connect();
      await socket.subscribe(first);
      await socket.subscribe(second);
      for (let round = 0; round < 5; round++) {
        const batch = Array.from({ length: MAX_BATCH }, (_, i): EventBody => {
          return { channel: i % 3 === 0 ? second : first, name: 'e', data: `${i}` };
        });
        expectStatus(await c.http().post('/batch_events', { batch }), 200);
        for (const { channel, data } of batch) await socket.expectFrame({ event: 'e', channel, data });
      }
    },
  },
  {
    id: 'BA-07',
    statement: 'Each event of a batch leaves out its own socket_id.',
    async run(c) {
      const channel = c.channel();
      const [first, second] = [await c.connect(), await c.connect()];
      await first.subscribe(channel);
      await second.subscribe(channel);
      const batch = [
        { channel, name: 'not-first', data: 'd', socket_id: first.id },
        { channel, name: 'not-second', data: 'd', socket_id: second.id },
      ];
      expectStatus(await c.http().post('/batch_events', { batch }), 200);
      await first.expectFrame({ event: 'not-second', channel, data: 'd' });
      await second.expectFrame({ event: 'not-first', channel, data: 'd' });
      await Promise.all([first.expectQuiet(), second.expectQuiet()]);
    },
  },
  {
    id: 'BA-08',
    statement: 'A batch that is missing or no list of events is refused with 400.',
    async run(c) {
      for (const body of [{}, { batch: null }, { batch: 'x' }, { batch: {} }, { batch: [1] }, { batch: [null] }]) {
        expectRefusal(await c.http().post('/batch_events', body), 400, /./);
      }
    },
  },
  {
    id: 'BA-09',
    statement: 'An empty batch is accepted with {}.',
    async run(c) {
      assert.deepEqual(jsonOf(await c.http().post('/batch_events', { batch: [] })), {});
    },
  },
  {
    id: 'BA-10',
    statement: 'A batch may have encrypted and plain events.',
    async run(c) {
      const [encrypted, plain] = [c.channel('private-encrypted-'), c.channel()];
      const client = encryptedPusher(c);
      const received = [
        client.collect(await client.subscribe(encrypted)),
        client.collect(await client.subscribe(plain)),
      ];
      const response = await c.publisher(MASTER_KEY).triggerBatch([
        { channel: encrypted, name: 'e1', data: { secret: 'text' } },
        { channel: plain, name: 'e2', data: 'd' },
      ]);
      assert.equal(response.status, 200);
      await client.until('both events', () => received.every((events) => events.length > 0));
      assert.deepEqual(received, [[{ event: 'e1', data: { secret: 'text' } }], [{ event: 'e2', data: 'd' }]]);
    },
  },
];
