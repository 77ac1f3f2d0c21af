import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PusherSocket } from '../clients/pusher-socket.ts';
import type { OpenOptions, RowContext } from '../context.ts';
import type { Row } from '../row.ts';

const MAX_BYTES = 10_240;
const PER_SECOND = 10;
const MAX_NAME_LENGTH = 200;
const PREFIX_ERROR = "Client event rejected - client events must be prefixed by 'client-'";

interface Pair {
  readonly channel: string;
  readonly sender: PusherSocket;
  readonly receiver: PusherSocket;
}

/** Two connections on a channel of their own. */
async function pairOn(context: RowContext, prefix: string, options: OpenOptions = {}): Promise<Pair> {
  const channel = context.channel(prefix);
  const [sender, receiver] = [await context.connect(options), await context.connect(options)];
  await sender.subscribe(channel);
  await receiver.subscribe(channel);
  return { channel, sender, receiver };
}

/** Two users on a presence channel; the first has been told of the second. */
async function usersOn(context: RowContext): Promise<Pair> {
  const channel = context.channel('presence-');
  const [sender, receiver] = [await context.connect(), await context.connect()];
  await sender.join(channel, { user_id: 1 });
  await receiver.join(channel, { user_id: 2 });
  await sender.expectMemberAdded(channel);
  return { channel, sender, receiver };
}

export const CE: readonly Row[] = [
  {
    id: 'CE-01',
    statement: 'A client event on a private channel reaches the others, its data as a string, and not its sender.',
    async run(c) {
      const { channel, sender, receiver } = await pairOn(c, 'private-');
      sender.sendClientEvent(channel, { a: 1 });
      await receiver.expectFrame({ event: 'client-x', channel, data: '{"a":1}' });
      await sender.expectQuiet();
    },
  },
  {
    id: 'CE-02',
    statement: 'Data that is a string is delivered as it is.',
    async run(c) {
      const { channel, sender, receiver } = await pairOn(c, 'private-');
      for (const data of ['hi', '', '{"a": 1}']) {
        sender.sendClientEvent(channel, data);
        await receiver.expectFrame({ event: 'client-x', channel, data });
      }
    },
  },
  {
    id: 'CE-03',
    statement: 'On a presence channel the user_id of the sender comes along, as a string.',
    async run(c) {
      const { channel, sender, receiver } = await usersOn(c);
      sender.sendClientEvent(channel, { a: 1 });
      await receiver.expectFrame({ event: 'client-x', channel, data: '{"a":1}', user_id: '1' });
      await sender.expectQuiet();
    },
  },
  {
    id: 'CE-04',
    statement: 'On a private channel there is no user_id, even of a sender who is signed in.',
    async run(c) {
      const { channel, sender, receiver } = await pairOn(c, 'private-');
      await sender.signIn({ id: 'u' });
      sender.sendClientEvent(channel, {});
      await receiver.expectFrame({ event: 'client-x', channel, data: '{}' });
    },
  },
  {
    id: 'CE-05',
    statement: 'A user_id or socket_id in the frame of the sender is ignored.',
    async run(c) {
      const forged = { event: 'client-x', data: { a: 1 }, user_id: 'admin', socket_id: '1.1' };
      const onPrivate = await pairOn(c, 'private-');
      onPrivate.sender.send({ ...forged, channel: onPrivate.channel, socket_id: onPrivate.receiver.id });
      await onPrivate.receiver.expectFrame({ event: 'client-x', channel: onPrivate.channel, data: '{"a":1}' });
      const { channel, sender, receiver } = await usersOn(c);
      sender.send({ ...forged, channel });
      await receiver.expectFrame({ event: 'client-x', channel, data: '{"a":1}', user_id: '1' });
    },
  },
  {
    id: 'CE-06',
    statement: 'A client event on a public channel gets the error of Pusher and is not delivered.',
    async run(c) {
      const { channel, sender, receiver } = await pairOn(c, '');
      sender.sendClientEvent(channel, {});
      await sender.expectError(null, 'Client event rejected - only supported on private and presence channels');
      await receiver.expectQuiet();
      await sender.expectAlive();
    },
  },
  {
    id: 'CE-07',
    statement: 'A client event on a channel not subscribed to gets an error and is not delivered.',
    async run(c) {
      const [sender, receiver] = [await c.connect(), await c.connect()];
      const channel = c.channel('private-');
      await receiver.subscribe(channel);
      sender.sendClientEvent(channel, {});
      await sender.expectError(null, /^Client event rejected/);
      await receiver.expectQuiet();
      await sender.expectAlive();
    },
  },
  {
    id: 'CE-08',
    statement: 'An event of a client without client- gets the error of Pusher and is not delivered.',
    async run(c) {
      const { channel, sender, receiver } = await pairOn(c, 'private-');
      sender.sendClientEvent(channel, {}, 'foo');
      await sender.expectError(null, PREFIX_ERROR);
      await receiver.expectQuiet();
      await sender.expectAlive();
    },
  },
  {
    id: 'CE-09',
    statement: 'client- inside the name of an event is not its prefix.',
    async run(c) {
      const { channel, sender, receiver } = await pairOn(c, 'private-');
      sender.sendClientEvent(channel, {}, 'xclient-y');
      await sender.expectError(null, PREFIX_ERROR);
      await receiver.expectQuiet();
      await sender.expectAlive();
    },
  },
  {
    id: 'CE-10',
    statement: 'A client event of an app without them gets the error of Pusher.',
    needs: ['client-events-off'],
    async run(c) {
      const { app } = c.provision('client-events-off');
      const { channel, sender, receiver } = await pairOn(c, 'private-', { app });
      sender.sendClientEvent(channel, {});
      await sender.expectError(
        null,
        'To send client events, you must enable this feature in the Settings page of your dashboard.',
      );
      await receiver.expectQuiet();
      await sender.expectAlive();
    },
  },
  {
    id: 'CE-11',
    statement: 'The eleventh client event in a second gets error 4301; ten are delivered, and more in the next second.',
    async run(c) {
      const { channel, sender, receiver } = await pairOn(c, 'private-');
      for (let i = 0; i <= PER_SECOND; i++) sender.sendClientEvent(channel, `${i}`);
      await sender.expectError(4301, /./);
      for (let i = 0; i < PER_SECOND; i++) await receiver.expectFrame({ event: 'client-x', channel, data: `${i}` });
      await receiver.expectQuiet();
      await sender.expectAlive();
      await sleep(1100);
      sender.sendClientEvent(channel, 'again');
      await receiver.expectFrame({ event: 'client-x', channel, data: 'again' });
    },
  },
  {
    id: 'CE-12',
    statement: 'The rate is of a connection, not of its user or app.',
    async run(c) {
      const channel = c.channel('presence-');
      const [receiver, ...senders] = [await c.connect(), await c.connect(), await c.connect()];
      await receiver.join(channel, { user_id: 'r' });
      for (const sender of senders) await sender.join(channel, { user_id: 's' });
      await receiver.expectMemberAdded(channel);
      for (const [i, sender] of senders.entries()) {
        for (let n = 0; n < PER_SECOND; n++) sender.sendClientEvent(channel, `${n}`, `client-${i}`);
      }
      const got: unknown[] = [];
      for (let n = 0; n < senders.length * PER_SECOND; n++) got.push((await receiver.next('a client event'))['event']);
      for (const i of senders.keys()) assert.equal(got.filter((event) => event === `client-${i}`).length, PER_SECOND);
      for (const sender of senders) assert.ok(sender.frames.every(({ event }) => event !== 'pusher:error'));
    },
  },
  {
    id: 'CE-13',
    statement: 'A client event may have 10240 bytes of data and not more.',
    async run(c) {
      const { channel, sender, receiver } = await pairOn(c, 'private-');
      const data = 'é'.repeat(MAX_BYTES / 2);
      sender.sendClientEvent(channel, data);
      await receiver.expectFrame({ event: 'client-x', channel, data });
      sender.sendClientEvent(channel, `${data}x`);
      await sender.expectError(null, /./);
      await receiver.expectQuiet();
      await sender.expectAlive();
    },
  },
  {
    id: 'CE-14',
    statement: 'A client event on a private-cache- channel is delivered and not kept.',
    async run(c) {
      const { channel, sender, receiver } = await pairOn(c, 'private-cache-');
      sender.sendClientEvent(channel, { a: 1 });
      await receiver.expectFrame({ event: 'client-x', channel, data: '{"a":1}' });
      const late = await c.connect();
      await late.subscribe(channel);
      await late.expectQuiet();
    },
  },
  {
    id: 'CE-15',
    statement: 'A client event on an encrypted channel is delivered.',
    async run(c) {
      const { channel, sender, receiver } = await pairOn(c, 'private-encrypted-');
      sender.sendClientEvent(channel, '{"nonce":"n","ciphertext":"c"}');
      await receiver.expectFrame({ event: 'client-x', channel, data: '{"nonce":"n","ciphertext":"c"}' });
    },
  },
  {
    id: 'CE-16',
    statement: 'The name of a client event may have 200 characters and not 201.',
    async run(c) {
      const { channel, sender, receiver } = await pairOn(c, 'private-');
      const event = 'client-'.padEnd(MAX_NAME_LENGTH, 'x');
      sender.sendClientEvent(channel, {}, event);
      await receiver.expectFrame({ event, channel, data: '{}' });
      sender.sendClientEvent(channel, {}, `${event}x`);
      await sender.expectError(null, /./);
      await receiver.expectQuiet();
    },
  },
  {
    id: 'CE-17',
    statement: 'A client event reaches connections on all processes, its sender alone left out.',
    needs: ['several-processes'],
    async run(c) {
      const channel = c.channel('private-');
      const sockets = await c.spread(6);
      for (const socket of sockets) await socket.subscribe(channel);
      for (const sender of sockets) {
        const data = `from ${sender.id}`;
        sender.sendClientEvent(channel, data);
        for (const socket of sockets) {
          if (socket !== sender) await socket.expectFrame({ event: 'client-x', channel, data });
        }
      }
      await Promise.all(sockets.map((socket) => socket.expectQuiet()));
    },
  },
  {
    id: 'CE-18',
    statement: 'An event of that name published by the server reaches everybody, without user_id.',
    async run(c) {
      const { channel, sender, receiver } = await pairOn(c, 'private-');
      await c.http().publish({ channel, name: 'client-x', data: 'd' });
      for (const socket of [sender, receiver]) await socket.expectFrame({ event: 'client-x', channel, data: 'd' });
    },
  },
  {
    id: 'CE-19',
    statement: 'Events of the protocol that a client sends are not passed on.',
    async run(c) {
      const { channel, sender, receiver } = await usersOn(c);
      const member = '{"user_id":"3"}';
      for (const event of [
        'pusher:evil',
        'pusher_internal:member_added',
        'pusher:error',
        'pusher:subscription_error',
      ]) {
        sender.send({ event, channel, data: member });
      }
      await receiver.expectQuiet();
      assert.deepEqual(
        receiver.asides.filter((frame) => frame['event'] === 'pusher:subscription_error'),
        [],
      );
      sender.sendClientEvent(channel, 'ok');
      await receiver.expectFrame({ event: 'client-x', channel, data: 'ok', user_id: '1' });
    },
  },
  {
    id: 'CE-20',
    statement: 'Nested text of any characters passes unchanged.',
    async run(c) {
      const { channel, sender, receiver } = await pairOn(c, 'private-');
      const data = { 'kéy "q"': ['\u2028\u2029', '😀', { '\n\t\\': '</script>\u0000' }], n: -1.5e10 };
      sender.sendClientEvent(channel, data);
      const frame = await receiver.expectEvent('client-x');
      assert.equal(typeof frame['data'], 'string');
      assert.deepEqual(JSON.parse(String(frame['data'])), data);
      const text = '\u2028 😀 "q" \\ \u0000 </script>';
      sender.sendClientEvent(channel, text);
      await receiver.expectFrame({ event: 'client-x', channel, data: text });
    },
  },
  {
    id: 'CE-21',
    statement: 'A client event of pusher-js reaches another pusher-js and not itself.',
    async run(c) {
      const name = c.channel('private-');
      const [first, second] = [c.pusher(), c.pusher()];
      const channels = [await first.subscribe(name), await second.subscribe(name)] as const;
      const received = [first.collect(channels[0]), second.collect(channels[1])] as const;
      channels[0].trigger('client-x', { a: 1 });
      await second.until('the client event', () => received[1].length > 0);
      channels[1].trigger('client-y', 'back');
      await first.until('the answer', () => received[0].length > 0);
      assert.deepEqual(received, [[{ event: 'client-y', data: 'back' }], [{ event: 'client-x', data: { a: 1 } }]]);
    },
  },
];
