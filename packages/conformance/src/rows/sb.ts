import assert from 'node:assert/strict';
import type { Row } from '../row.ts';
import { untilNotListed } from './listing.ts';

const MAX_NAME_LENGTH = 164;

export const SB: readonly Row[] = [
  {
    id: 'SB-01',
    statement: 'A public subscription succeeds with data {} as a string.',
    async run(c) {
      const socket = await c.connect();
      const channel = c.channel();
      socket.sendSubscribe(channel, { auth: '' });
      await socket.expectSubscribed(channel);
    },
  },
  {
    id: 'SB-02',
    statement: 'A public subscription needs no auth member.',
    async run(c) {
      const socket = await c.connect();
      const channel = c.channel();
      socket.sendSubscribe(channel);
      await socket.expectSubscribed(channel);
    },
  },
  {
    id: 'SB-03',
    statement: 'A second subscription gets the error of Pusher and no success.',
    async run(c) {
      const socket = await c.connect();
      const channel = c.channel();
      await socket.subscribe(channel);
      socket.sendSubscribe(channel, { auth: '' });
      await socket.expectError(null, `Existing subscription to channel ${channel}`);
      await socket.expectQuiet();
    },
  },
  {
    id: 'SB-04',
    statement: 'After a second subscription an event comes exactly once.',
    async run(c) {
      const socket = await c.connect();
      const channel = c.channel();
      await socket.subscribe(channel);
      socket.sendSubscribe(channel, { auth: '' });
      await socket.expectEvent('pusher:error');
      await c.http().publish({ channel, name: 'e', data: 'd' });
      await socket.expectFrame({ event: 'e', channel, data: 'd' });
      await socket.expectQuiet();
    },
  },
  {
    id: 'SB-05',
    statement: 'An unsubscribe is not answered, and events come no more.',
    async run(c) {
      // Several others, so that one of them is on the process of the first.
      const [socket, others] = [await c.connect(), await c.connectMany(8)];
      const channel = c.channel();
      await socket.subscribe(channel);
      for (const other of others) await other.subscribe(channel);
      socket.sendUnsubscribe(channel);
      await socket.expectQuiet();
      await c.http().publish({ channel, name: 'e', data: 'd' });
      for (const other of others) await other.expectFrame({ event: 'e', channel, data: 'd' });
      await socket.expectQuiet();
    },
  },
  {
    id: 'SB-06',
    statement: 'An unsubscribe from a channel not subscribed to gets the error of Pusher.',
    async run(c) {
      const socket = await c.connect();
      const channel = c.channel();
      socket.sendUnsubscribe(channel);
      await socket.expectError(null, `No current subscription to channel ${channel}, or subscription in progress`);
      await socket.expectQuiet();
    },
  },
  {
    id: 'SB-07',
    statement: 'After an unsubscribe a subscription succeeds again.',
    async run(c) {
      const socket = await c.connect();
      const channel = c.channel();
      await socket.subscribe(channel);
      socket.sendUnsubscribe(channel);
      await socket.subscribe(channel);
      await c.http().publish({ channel, name: 'e', data: 'd' });
      await socket.expectFrame({ event: 'e', channel, data: 'd' });
    },
  },
  {
    id: 'SB-08',
    statement: 'A subscribe without channel gets an error, and the connection stays open.',
    async run(c) {
      const socket = await c.connect();
      for (const data of [{}, { auth: '' }, undefined]) {
        socket.send({ event: 'pusher:subscribe', data });
        await socket.expectError(null, /./);
      }
      await socket.expectQuiet();
    },
  },
  {
    id: 'SB-09',
    statement: 'The data of a subscribe may be a string of JSON.',
    async run(c) {
      const socket = await c.connect();
      const channel = c.channel();
      socket.send({ event: 'pusher:subscribe', data: JSON.stringify({ channel, auth: '' }) });
      await socket.expectSubscribed(channel);
    },
  },
  {
    id: 'SB-10',
    statement: 'A channel name may have 164 characters and not 165.',
    async run(c) {
      const socket = await c.connect();
      await socket.subscribe(c.channel().padEnd(MAX_NAME_LENGTH, 'x'));
      const tooLong = c.channel().padEnd(MAX_NAME_LENGTH + 1, 'x');
      socket.sendSubscribe(tooLong, { auth: '' });
      await socket.expectRefused(tooLong, /./);
    },
  },
  {
    id: 'SB-11',
    statement: 'Channel names may have each character of the alphabet that Pusher documents.',
    async run(c) {
      const socket = await c.connect();
      for (const part of ['foo-bar_1234@=,.;', 'AZaz09', ...'_-=@,.;']) await socket.subscribe(`${c.channel()}${part}`);
    },
  },
  {
    id: 'SB-12',
    statement: 'Channel names with other characters are refused, and so is the empty one.',
    async run(c) {
      const socket = await c.connect();
      for (const channel of ['a:b', 'a b', 'a/b', 'a#b', 'é', '']) {
        socket.sendSubscribe(channel, { auth: '' });
        await socket.expectRefused(channel, /Invalid channel name/);
      }
    },
  },
  {
    id: 'SB-13',
    statement: 'A channel name that begins with # is refused.',
    async run(c) {
      const socket = await c.connect();
      socket.sendSubscribe('#foo', { auth: '' });
      await socket.expectRefused('#foo', /./);
    },
  },
  {
    id: 'SB-14',
    statement: 'No event of a channel comes before its subscription has succeeded.',
    async run(c) {
      const http = c.http();
      for (let round = 0; round < 10; round++) {
        // Each round has a socket of its own, since early events may come behind the late one.
        const socket = await c.connect();
        const channel = c.channel();
        socket.sendSubscribe(channel, { auth: '' });
        const published = Promise.all([1, 2, 3].map((i) => http.publish({ channel, name: 'early', data: `${i}` })));
        await socket.expectSubscribed(channel);
        await published;
        await http.publish({ channel, name: 'late', data: 'd' });
        let frame = await socket.next('the late event');
        while (frame['event'] === 'early') frame = await socket.next('the late event');
        assert.deepEqual(frame, { event: 'late', channel, data: 'd' });
      }
    },
  },
  {
    id: 'SB-15',
    statement: 'Within a second of a disconnect the channel is no longer occupied.',
    async run(c) {
      const channel = c.channel();
      const socket = await c.connect();
      await socket.subscribe(channel);
      assert.deepEqual(await c.http().channels(channel), [channel]);
      await socket.close();
      await untilNotListed(c, channel);
    },
  },
  {
    id: 'SB-16',
    statement: 'A channel name of digits is a string in every frame.',
    async run(c) {
      const socket = await c.connect();
      const channel = `123${Math.floor(Math.random() * 1e9)}`;
      await socket.subscribe(channel);
      await c.http().publish({ channel, name: 'e', data: 'd' });
      await socket.expectFrame({ event: 'e', channel, data: 'd' });
    },
  },
  {
    id: 'SB-17',
    statement: 'A channel that is no string gets an error, and the connection stays open.',
    async run(c) {
      const socket = await c.connect();
      for (const channel of [1, null, [], {}]) {
        socket.sendSubscribe(channel, { auth: '' });
        await socket.expectError(null, /./);
      }
      await socket.expectQuiet();
    },
  },
  {
    id: 'SB-18',
    statement: '1000 subscriptions of one connection succeed in the order they were sent.',
    timeoutMs: 60_000,
    heavy: true,
    async run(c) {
      const socket = await c.connect();
      const channels = Array.from({ length: 1000 }, () => c.channel());
      for (const channel of channels) socket.sendSubscribe(channel, { auth: '' });
      for (const channel of channels) await socket.expectSubscribed(channel);
      await socket.expectAlive();
    },
  },
  {
    id: 'SB-19',
    statement: 'pusher-js that subscribes, unsubscribes and subscribes while the first is pending ends subscribed.',
    heavy: true,
    async run(c) {
      const client = c.pusher();
      await client.connected();
      const name = c.channel();
      const first = client.pusher.subscribe(name);
      assert.ok(first.subscriptionPending);
      client.pusher.unsubscribe(name);
      const channel = await client.subscribe(name);
      const received = client.collect(channel);
      await c.http().publish({ channel: name, name: 'e', data: 'd' });
      await client.until('the event', () => received.length > 0);
      assert.deepEqual(received, [{ event: 'e', data: 'd' }]);
    },
  },
  {
    id: 'SB-20',
    statement: 'pusher-js that unsubscribes while the subscription is pending ends unsubscribed.',
    async run(c) {
      const client = c.pusher();
      await client.connected();
      const [name, other] = [c.channel(), c.channel()];
      const channel = client.pusher.subscribe(name);
      const received = client.collect(channel);
      assert.ok(channel.subscriptionPending);
      client.pusher.unsubscribe(name);
      const received2 = client.collect(await client.subscribe(other));
      await untilNotListed(c, name);
      await c.http().publish({ channels: [name, other], name: 'e', data: 'd' });
      await client.until('the event on the other channel', () => received2.length > 0);
      assert.deepEqual(received, []);
      assert.deepEqual(client.errors, []);
    },
  },
  {
    id: 'SB-21',
    statement: 'pusher-js subscribes to all of its channels again after a restart of the server.',
    needs: ['restart'],
    timeoutMs: 60_000,
    async run(c) {
      const { endpoint, stop, start } = c.provision('restart');
      const client = c.pusher({ endpoint, member: { user_id: '1' } });
      await client.connected();
      const names = [c.channel(), c.channel('private-'), c.channel('presence-')];
      const channels = await Promise.all(names.map((name) => client.subscribe(name)));
      const firstId = client.pusher.connection.socket_id;
      await stop();
      await client.until('the end of the connection', () => client.pusher.connection.state !== 'connected');
      await start();
      await client.connected();
      assert.notEqual(client.pusher.connection.socket_id, firstId);
      await client.until('all subscriptions', () => channels.every(({ subscribed }) => subscribed));
      const received = channels.map((channel) => client.collect(channel));
      await c.http({ endpoint }).publish({ channels: names, name: 'e', data: 'd' });
      await client.until('an event on each channel', () => received.every((events) => events.length > 0));
      assert.deepEqual(
        received,
        names.map(() => [{ event: 'e', data: 'd' }]),
      );
    },
  },
];
