import assert from 'node:assert/strict';
import type { PusherClient } from '../clients/pusher-client.ts';
import { channelOfUser } from '../clients/pusher-socket.ts';
import type { Row } from '../row.ts';
import { expectWatched } from './watching.ts';

/** Collects what a user is sent with one event from now on. */
function collect(client: PusherClient, event: string): unknown[] {
  const received: unknown[] = [];
  client.pusher.user.bind(event, (data: unknown) => received.push(data));
  return received;
}

/** Rows of signed-in users with several processes or the libraries. */
export const SI_MANY: readonly Row[] = [
  {
    id: 'SI-11',
    statement: "sendToUser of Pusher's library reaches a user on all processes, and nobody else.",
    needs: ['several-processes'],
    async run(c) {
      const user = c.channel('user-');
      const [mine, others] = [await c.spread(6), await c.spread(4)];
      for (const [i, socket] of [...mine, ...others].entries()) {
        const id = i < mine.length ? user : `${user}-${i}`;
        await socket.signIn({ id });
        await socket.subscribe(channelOfUser(id));
      }
      for (let i = 0; i < 4; i++) {
        const response = await c.publisher().sendToUser(user, 'e', { i });
        assert.equal(response.status, 200);
        const frame = { event: 'e', channel: channelOfUser(user), data: `{"i":${i}}` };
        for (const socket of mine) await socket.expectFrame(frame);
      }
      await Promise.all([...mine, ...others].map((socket) => socket.expectQuiet()));
    },
  },
  {
    id: 'SI-12',
    statement: 'A handler of the user of pusher-js gets what sendToUser sends, parsed.',
    async run(c) {
      const id = c.channel('user-');
      const client = c.pusher({ user: { id } });
      const received = collect(client, 'e');
      await client.signIn();
      await c.publisher().sendToUser(id, 'e', { a: [1, 'b'] });
      await client.until('the event', () => received.length > 0);
      assert.deepEqual(received, [{ a: [1, 'b'] }]);
      assert.deepEqual(client.errors, []);
    },
  },
  {
    id: 'SI-14',
    statement: 'A user whose connection ends is no longer online.',
    needs: ['watchlist'],
    async run(c) {
      const { app } = c.provision('watchlist');
      const [watcher, socket] = [await c.connect({ app }), await c.connect({ app })];
      const user = c.channel('user-');
      await watcher.signIn({ id: c.channel('user-'), watchlist: [user] });
      await expectWatched(watcher, { offline: [user] });
      await socket.signIn({ id: user });
      await expectWatched(watcher, { online: [user] });
      socket.terminate();
      await expectWatched(watcher, { offline: [user] });
    },
  },
  {
    id: 'SI-15',
    statement: 'The id of a user may have each character that a channel name may have.',
    async run(c) {
      for (const part of ['=', '@', '.', ',', ';', '-', '_', '=a@b.c,d;e-f_g']) {
        const id = `${c.channel('user-')}${part}`;
        const client = c.pusher({ user: { id } });
        const received = collect(client, 'e');
        await client.signIn();
        await c.publisher().sendToUser(id, 'e', part);
        await client.until('the event', () => received.length > 0);
        assert.deepEqual(received, [part]);
      }
    },
  },
  {
    id: 'SI-16',
    statement: 'pusher-js signs in again after its connection was cut, and gets its events again.',
    timeoutMs: 40_000,
    async run(c) {
      const id = c.channel('user-');
      const proxy = await c.proxy();
      const client = c.pusher({ endpoint: proxy.endpoint, user: { id } });
      const received = collect(client, 'e');
      await client.signIn();
      const { socket_id: firstId } = client.pusher.connection;
      proxy.cut();
      const connected = (): number => client.states.filter((state) => state === 'connected').length;
      await client.until('another connection', () => connected() === 2);
      assert.notEqual(client.pusher.connection.socket_id, firstId);
      await client.signedIn();
      await c.publisher().sendToUser(id, 'e', 'again');
      await client.until('the event', () => received.length > 0);
      assert.deepEqual(received, ['again']);
    },
  },
];
