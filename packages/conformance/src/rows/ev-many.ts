import assert from 'node:assert/strict';
import { jsonOf } from '../clients/http-client.ts';
import { channelOfUser } from '../clients/pusher-socket.ts';
import type { Row } from '../row.ts';
import { encryptedPusher, MASTER_KEY } from './encryption.ts';
import { joinAsThree } from './members.ts';

const IN_ORDER = 100;

/** Rows of publishing with several processes, users or encryption. */
export const EV_MANY: readonly Row[] = [
  {
    id: 'EV-15',
    statement: 'socket_id leaves out a connection on whatever process it is.',
    needs: ['several-processes'],
    async run(c) {
      const channel = c.channel();
      const sockets = await c.spread(4);
      for (const socket of sockets) await socket.subscribe(channel);
      for (const left of sockets) {
        await c.http().publish({ name: 'e', data: left.id, channel, socket_id: left.id });
        for (const socket of sockets) {
          if (socket !== left) await socket.expectFrame({ event: 'e', channel, data: left.id });
        }
      }
      await Promise.all(sockets.map((socket) => socket.expectQuiet()));
    },
  },
  {
    id: 'EV-20',
    statement: 'info counts over all processes.',
    needs: ['several-processes'],
    async run(c) {
      const [channel, presence] = [c.channel(), c.channel('presence-')];
      const sockets = await c.spread(6);
      for (const socket of sockets) await socket.subscribe(channel);
      await joinAsThree(sockets, presence);
      await c.settled();
      const info = 'user_count,subscription_count';
      for (let i = 0; i < 4; i++) {
        const answer = await c.http().publish({ name: 'e', data: 'd', channels: [channel, presence], info });
        assert.deepEqual(jsonOf(answer), {
          channels: { [channel]: { subscription_count: 6 }, [presence]: { user_count: 3, subscription_count: 6 } },
        });
      }
    },
  },
  {
    id: 'EV-23',
    statement: 'An event reaches subscribers on all processes, once each.',
    needs: ['several-processes'],
    async run(c) {
      const channel = c.channel();
      const sockets = await c.spread(6);
      for (const socket of sockets) await socket.subscribe(channel);
      for (let i = 0; i < 6; i++) {
        await c.http().publish({ name: 'e', data: `${i}`, channel });
        for (const socket of sockets) await socket.expectFrame({ event: 'e', channel, data: `${i}` });
      }
      await Promise.all(sockets.map((socket) => socket.expectQuiet()));
    },
  },
  {
    id: 'EV-24',
    statement:
      '100 events published one after the other come in that order on all processes, each over a connection of its own.',
    timeoutMs: 40_000,
    heavy: true,
    async run(c) {
      const channel = c.channel();
      const sockets = await c.spread(4);
      for (const socket of sockets) await socket.subscribe(channel);
      const http = c.http();
      for (let i = 0; i < IN_ORDER; i++) await http.publish({ name: 'e', data: `${i}`, channel });
      for (const socket of sockets) {
        for (let i = 0; i < IN_ORDER; i++) await socket.expectFrame({ event: 'e', channel, data: `${i}` });
      }
    },
  },
  {
    id: 'EV-30',
    statement: 'An event for a user reaches the connections signed in as that user, and no others.',
    async run(c) {
      const user = c.channel('user-');
      const [channel, another] = [channelOfUser(user), `${user}-other`];
      const [first, second, other] = [await c.connect(), await c.connect(), await c.connect()];
      for (const socket of [first, second]) {
        await socket.signIn({ id: user });
        await socket.subscribe(channel);
      }
      await other.signIn({ id: another });
      await other.subscribe(channelOfUser(another));
      const response = await c.publisher().sendToUser(user, 'e', { a: 1 });
      assert.equal(await response.text(), '{}');
      for (const socket of [first, second]) await socket.expectFrame({ event: 'e', channel, data: '{"a":1}' });
      await other.expectQuiet();
    },
  },
  {
    id: 'EV-31',
    statement: "An event that Pusher's library encrypted is decrypted by pusher-js.",
    async run(c) {
      const name = c.channel('private-encrypted-');
      const raw = await c.connect();
      await raw.subscribe(name);
      const client = encryptedPusher(c);
      const received = client.collect(await client.subscribe(name));
      await c.publisher(MASTER_KEY).trigger(name, 'e', { secret: 'text' });
      await client.until('the event', () => received.length > 0);
      assert.deepEqual(received, [{ event: 'e', data: { secret: 'text' } }]);
      const frame = await raw.expectEvent('e');
      assert.deepEqual(Object.keys(JSON.parse(String(frame['data'])) as object).sort(), ['ciphertext', 'nonce']);
    },
  },
];
