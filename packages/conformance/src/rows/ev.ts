import assert from 'node:assert/strict';
import { type EventBody, expectRefusal, expectStatus, jsonOf } from '../clients/http-client.ts';
import type { PusherSocket } from '../clients/pusher-socket.ts';
import type { RowContext } from '../context.ts';
import type { Row } from '../row.ts';

const MAX_BYTES = 10_240;
const MAX_NAME_LENGTH = 200;
const MAX_CHANNELS = 100;

interface Listener {
  readonly channel: string;
  readonly socket: PusherSocket;
}

async function listenerOn(context: RowContext, prefix = ''): Promise<Listener> {
  const channel = context.channel(prefix);
  const socket = await context.connect();
  await socket.subscribe(channel);
  return { channel, socket };
}

/** Publishes an event and shows that it comes unchanged. */
async function expectDelivered(
  context: RowContext,
  { channel, socket }: Listener,
  event: Omit<EventBody, 'channel'>,
): Promise<void> {
  await context.http().publish({ ...event, channel });
  await socket.expectFrame({ event: event.name, channel, data: event.data });
}

/** Rows of publishing that one process can show. */
export const EV: readonly Row[] = [
  {
    id: 'EV-01',
    statement: "An event of Pusher's library is accepted with exactly {}.",
    async run(c) {
      const response = await c.publisher().trigger(c.channel(), 'e', 'test');
      assert.equal(response.status, 200);
      assert.equal(await response.text(), '{}');
    },
  },
  {
    id: 'EV-02',
    statement: 'A subscriber gets event, channel and data, the identical string.',
    async run(c) {
      const { channel, socket } = await listenerOn(c);
      await c.publisher().trigger(channel, 'e', 'test');
      await socket.expectFrame({ event: 'e', channel, data: 'test' });
    },
  },
  {
    id: 'EV-03',
    statement: 'An object is delivered as a string of JSON.',
    async run(c) {
      const { channel, socket } = await listenerOn(c);
      await c.publisher().trigger(channel, 'e', { a: [1, 'b'] });
      await socket.expectFrame({ event: 'e', channel, data: '{"a":[1,"b"]}' });
    },
  },
  {
    id: 'EV-04',
    statement: 'channel may stand for channels.',
    async run(c) {
      const { channel, socket } = await listenerOn(c);
      expectStatus(await c.http().post('/events', { name: 'e', data: 'd', channel }), 200);
      await socket.expectFrame({ event: 'e', channel, data: 'd' });
    },
  },
  {
    id: 'EV-05',
    statement: 'An event for three channels reaches the subscriber of each, with its own channel.',
    async run(c) {
      const listeners = [await listenerOn(c), await listenerOn(c), await listenerOn(c)];
      await c.publisher().trigger(
        listeners.map(({ channel }) => channel),
        'e',
        'd',
      );
      for (const { channel, socket } of listeners) {
        await socket.expectFrame({ event: 'e', channel, data: 'd' });
        await socket.expectQuiet();
      }
    },
  },
  {
    id: 'EV-06',
    statement: 'An event may be for 100 channels and not for 101.',
    async run(c) {
      const { channel, socket } = await listenerOn(c);
      const channels = [...Array.from({ length: MAX_CHANNELS - 1 }, () => c.channel()), channel];
      await c.http().publish({ name: 'e', data: '100', channels });
      await socket.expectFrame({ event: 'e', channel, data: '100' });
      expectRefusal(
        await c.http().post('/events', { name: 'e', data: '101', channels: [...channels, c.channel()] }),
        400,
        /./,
      );
      await socket.expectQuiet();
    },
  },
  {
    id: 'EV-07',
    statement: 'An event without channel is refused with the text of Pusher.',
    async run(c) {
      for (const body of [
        { name: 'e', data: 'd' },
        { name: 'e', data: 'd', channels: [] },
      ]) {
        expectRefusal(await c.http().post('/events', body), 400, 'Missing required parameter: channel');
      }
    },
  },
  {
    id: 'EV-08',
    statement: 'An event without name or data is refused with 400.',
    async run(c) {
      const channel = c.channel();
      for (const body of [
        { data: 'd', channel },
        { name: 'e', channel },
      ])
        expectRefusal(await c.http().post('/events', body), 400, /./);
    },
  },
  {
    id: 'EV-09',
    statement: 'Empty data is accepted and delivered.',
    run: async (c) => expectDelivered(c, await listenerOn(c), { name: 'e', data: '' }),
  },
  {
    id: 'EV-10',
    statement: 'An event may have 10240 bytes of data; more is refused with 413 and the text of Pusher.',
    async run(c) {
      const listener = await listenerOn(c);
      const data = 'x'.repeat(MAX_BYTES);
      await expectDelivered(c, listener, { name: 'e', data });
      expectRefusal(
        await c.http().post('/events', { name: 'e', data: `${data}x`, channel: listener.channel }),
        413,
        /The data content of this event exceeds the allowed maximum \(10240 bytes\)/,
      );
      await listener.socket.expectQuiet();
    },
  },
  {
    id: 'EV-11',
    statement: 'The size of data counts in bytes.',
    async run(c) {
      const listener = await listenerOn(c);
      await expectDelivered(c, listener, { name: 'e', data: 'é'.repeat(MAX_BYTES / 2) });
      const data = 'é'.repeat(MAX_BYTES / 2 + 1);
      expectStatus(await c.http().post('/events', { name: 'e', data, channel: listener.channel }), 413);
      await listener.socket.expectQuiet();
    },
  },
  {
    id: 'EV-12',
    statement: 'The name of an event may have 200 characters and not 201.',
    async run(c) {
      const listener = await listenerOn(c);
      const name = 'n'.repeat(MAX_NAME_LENGTH);
      await expectDelivered(c, listener, { name, data: 'd' });
      expectRefusal(
        await c.http().post('/events', { name: `${name}n`, data: 'd', channel: listener.channel }),
        400,
        /./,
      );
      await listener.socket.expectQuiet();
    },
  },
  {
    id: 'EV-13',
    statement: 'An invalid channel name is refused with 400, and the valid ones of the call get nothing.',
    async run(c) {
      const { channel, socket } = await listenerOn(c);
      for (const invalid of ['a b', 'a:b', 'a/b', 'a#b', 'é']) {
        for (const channels of [
          [channel, invalid],
          [invalid, channel],
        ]) {
          expectRefusal(await c.http().post('/events', { name: 'e', data: 'd', channels }), 400, /./);
        }
      }
      await socket.expectQuiet();
    },
  },
  {
    id: 'EV-14',
    statement: 'socket_id leaves out that connection alone.',
    async run(c) {
      const { channel, socket } = await listenerOn(c);
      const other = await c.connect();
      await other.subscribe(channel);
      await c.http().publish({ name: 'e', data: 'd', channel, socket_id: socket.id });
      await other.expectFrame({ event: 'e', channel, data: 'd' });
      await socket.expectQuiet();
    },
  },
  {
    id: 'EV-16',
    statement: 'A socket_id nobody has leaves out nobody.',
    async run(c) {
      const { channel, socket } = await listenerOn(c);
      assert.deepEqual(jsonOf(await c.http().publish({ name: 'e', data: 'd', channel, socket_id: '123.456' })), {});
      await socket.expectFrame({ event: 'e', channel, data: 'd' });
    },
  },
  {
    id: 'EV-17',
    statement: 'A socket_id that is no socket id is refused with 400.',
    async run(c) {
      const { channel, socket } = await listenerOn(c);
      expectRefusal(await c.http().post('/events', { name: 'e', data: 'd', channel, socket_id: 'abc' }), 400, /./);
      await socket.expectQuiet();
    },
  },
  {
    id: 'EV-18',
    statement: 'info=subscription_count is answered with the count of the channel.',
    async run(c) {
      const { channel, socket } = await listenerOn(c);
      const answer = await c.http().publish({ name: 'e', data: 'd', channel, info: 'subscription_count' });
      assert.deepEqual(jsonOf(answer), { channels: { [channel]: { subscription_count: 1 } } });
      await socket.expectFrame({ event: 'e', channel, data: 'd' });
    },
  },
  {
    id: 'EV-19',
    statement: 'Attributes that a channel does not have are left out, and an unoccupied one has zeros.',
    async run(c) {
      const { channel } = await listenerOn(c);
      const presence = c.channel('presence-');
      const answer = await c.http().publish({
        name: 'e',
        data: 'd',
        channels: [channel, presence],
        info: 'user_count,subscription_count',
      });
      assert.deepEqual(jsonOf(answer), {
        channels: { [channel]: { subscription_count: 1 }, [presence]: { user_count: 0, subscription_count: 0 } },
      });
    },
  },
  {
    id: 'EV-21',
    statement: 'A channel named twice gets the event once and is answered once.',
    async run(c) {
      const { channel, socket } = await listenerOn(c);
      const channels = [channel, channel];
      const answer = await c.http().publish({ name: 'e', data: 'd', channels, info: 'subscription_count' });
      assert.equal(answer.text.split(channel).length - 1, 1);
      assert.deepEqual(jsonOf(answer), { channels: { [channel]: { subscription_count: 1 } } });
      await socket.expectFrame({ event: 'e', channel, data: 'd' });
      await socket.expectQuiet();
    },
  },
  {
    id: 'EV-22',
    statement: 'The parameters may stand in the query, without a body.',
    async run(c) {
      const { channel, socket } = await listenerOn(c);
      const query = [
        ['name', 'e'],
        ['data', 'd & "q" +'],
        ['channel', channel],
      ] as const;
      assert.deepEqual(jsonOf(await c.http().send({ method: 'POST', path: '/events', query })), {});
      await socket.expectFrame({ event: 'e', channel, data: 'd & "q" +' });
    },
  },
  {
    id: 'EV-25',
    statement: 'Text of any characters passes unchanged, in data and in the name.',
    async run(c) {
      const listener = await listenerOn(c);
      for (const text of [
        'é 😀 \u{10FFFF}',
        '"quoted" \\ back',
        'line\nline\r\n\t',
        '</script><!--',
        '\u2028\u2029\u0000\u007F',
      ]) {
        await expectDelivered(c, listener, { name: `n ${text}`, data: text });
      }
    },
  },
  {
    id: 'EV-26',
    statement: 'Data that is no string is delivered as a string of JSON.',
    async run(c) {
      const { channel, socket } = await listenerOn(c);
      for (const data of [{ a: 1 }, [1, null], 5, false]) {
        await c.http().publish({ name: 'e', data, channel });
        await socket.expectFrame({ event: 'e', channel, data: JSON.stringify(data) });
      }
    },
  },
  {
    id: 'EV-27',
    statement: 'A name with backslashes passes unchanged.',
    run: async (c) => expectDelivered(c, await listenerOn(c), { name: String.raw`App\Events\OrderShipped`, data: 'd' }),
  },
  {
    id: 'EV-28',
    statement: 'Names with the prefixes of the protocol are refused with 400.',
    async run(c) {
      const { channel, socket } = await listenerOn(c);
      for (const name of ['pusher:foo', 'pusher_internal:foo']) {
        expectRefusal(await c.http().post('/events', { name, data: 'd', channel }), 400, /./);
      }
      await socket.expectQuiet();
    },
  },
  {
    id: 'EV-29',
    statement: 'An event for a channel nobody is on is accepted.',
    async run(c) {
      assert.deepEqual(jsonOf(await c.http().publish({ name: 'e', data: 'd', channel: c.channel() })), {});
    },
  },
  {
    id: 'EV-32',
    statement: 'The deprecated way to publish takes the body as the data, as it is, and is answered with 202.',
    async run(c) {
      const { channel, socket } = await listenerOn(c);
      const request = { method: 'POST', path: `/channels/${channel}/events`, body: '{"a": 1}' };
      expectStatus(await c.http().send({ ...request, query: [['name', 'e']] }), 202);
      await socket.expectFrame({ event: 'e', channel, data: '{"a": 1}' });
      const excluded: readonly (readonly [string, string])[] = [
        ['name', 'e'],
        ['socket_id', socket.id],
      ];
      expectStatus(await c.http().send({ ...request, query: excluded }), 202);
      await socket.expectQuiet();
    },
  },
  {
    id: 'EV-33',
    statement: 'The deprecated way to publish refuses data that is not UTF-8.',
    async run(c) {
      const { channel, socket } = await listenerOn(c);
      const body = Buffer.from([0x7b, 0xff, 0xfe, 0x7d]);
      const query: readonly (readonly [string, string])[] = [['name', 'e']];
      expectRefusal(
        await c.http().send({ method: 'POST', path: `/channels/${channel}/events`, query, body }),
        400,
        /./,
      );
      await socket.expectQuiet();
    },
  },
];
