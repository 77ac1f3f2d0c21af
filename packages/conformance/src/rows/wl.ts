import assert from 'node:assert/strict';
import type { Row } from '../row.ts';
import { connectUser, expectWatched } from './watching.ts';

const MAX_WATCHED = 100;

export const WL: readonly Row[] = [
  {
    id: 'WL-01',
    statement: 'After the success of a sign-in one frame tells who of the watchlist is online and who is not.',
    needs: ['watchlist'],
    async run(c) {
      const [a, b, absent] = [c.channel('a-'), c.channel('b-'), c.channel('c-')];
      await connectUser(c, { id: b });
      const watcher = await connectUser(c, { id: a, watchlist: [b, absent] });
      await expectWatched(watcher, { online: [b], offline: [absent] });
      await watcher.expectQuiet();
    },
  },
  {
    id: 'WL-02',
    statement: 'A user without a watchlist who signs in is online for those who watch it.',
    needs: ['watchlist'],
    async run(c) {
      const [b, absent] = [c.channel('b-'), c.channel('c-')];
      await connectUser(c, { id: b });
      const watcher = await connectUser(c, { id: c.channel('a-'), watchlist: [b, absent] });
      await expectWatched(watcher, { online: [b], offline: [absent] });
      const coming = await connectUser(c, { id: absent });
      await expectWatched(watcher, { online: [absent] });
      await Promise.all([watcher, coming].map((socket) => socket.expectQuiet()));
    },
  },
  {
    id: 'WL-03',
    statement: 'Only the first and the last connection of a user change what watchers see.',
    needs: ['watchlist'],
    async run(c) {
      const user = c.channel('b-');
      const watcher = await connectUser(c, { id: c.channel('a-'), watchlist: [user] });
      await expectWatched(watcher, { offline: [user] });
      const first = await connectUser(c, { id: user });
      await expectWatched(watcher, { online: [user] });
      const second = await connectUser(c, { id: user });
      await watcher.expectQuiet();
      await first.close();
      await watcher.expectQuiet();
      await second.close();
      await expectWatched(watcher, { offline: [user] });
      await watcher.expectQuiet();
    },
  },
  {
    id: 'WL-04',
    statement: 'Users and those who watch them may be on different processes.',
    needs: ['watchlist', 'several-processes'],
    async run(c) {
      const { app } = c.provision('watchlist');
      const user = c.channel('b-');
      const [watchers, connections] = [await c.spread(6, { app }), await c.spread(4, { app })];
      for (const watcher of watchers) {
        await watcher.signIn({ id: c.channel('a-'), watchlist: [user] });
        await expectWatched(watcher, { offline: [user] });
      }
      for (const connection of connections) await connection.signIn({ id: user });
      for (const watcher of watchers) await expectWatched(watcher, { online: [user] });
      await Promise.all(watchers.map((watcher) => watcher.expectQuiet()));
      const late = await connectUser(c, { id: c.channel('a-'), watchlist: [user] });
      await expectWatched(late, { online: [user] });
      await Promise.all(connections.map((connection) => connection.close()));
      for (const watcher of [...watchers, late]) await expectWatched(watcher, { offline: [user] });
      await Promise.all(watchers.map((watcher) => watcher.expectQuiet()));
    },
  },
  {
    id: 'WL-05',
    statement: 'An app without watchlist events sends none.',
    needs: ['watchlist-off'],
    async run(c) {
      const options = c.provision('watchlist-off');
      const user = c.channel('b-');
      const [watcher, watched] = [await c.connect(options), await c.connect(options)];
      await watcher.signIn({ id: c.channel('a-'), watchlist: [user] });
      await watched.signIn({ id: user });
      await watcher.expectQuiet();
      await watched.close();
      await watcher.expectQuiet();
    },
  },
  {
    id: 'WL-06',
    statement: 'Of a watchlist of 101 users only the first 100 are watched, as an error 4302 tells after the success.',
    needs: ['watchlist'],
    async run(c) {
      const watchlist = Array.from({ length: MAX_WATCHED + 1 }, () => c.channel('b-'));
      const [last = '', tooMany = ''] = watchlist.slice(-2);
      const watcher = await connectUser(c, { id: c.channel('a-'), watchlist });
      await watcher.expectError(4302, /./);
      await expectWatched(watcher, { offline: watchlist.slice(0, MAX_WATCHED) });
      await connectUser(c, { id: tooMany });
      await watcher.expectQuiet();
      await connectUser(c, { id: last });
      await expectWatched(watcher, { online: [last] });
    },
  },
  {
    id: 'WL-07',
    statement: 'The end of a connection that watches tells nobody anything, and its watchlist ends with it.',
    needs: ['watchlist'],
    async run(c) {
      const [a, b] = [c.channel('a-'), c.channel('b-')];
      const [watched, other] = [await connectUser(c, { id: b }), await connectUser(c, { id: c.channel('d-') })];
      const watcher = await connectUser(c, { id: a, watchlist: [b] });
      await expectWatched(watcher, { online: [b] });
      await watcher.close();
      await Promise.all([watched, other].map((socket) => socket.expectQuiet()));
      // The same user without a watchlist: nothing is left of the old one.
      const withoutOne = await connectUser(c, { id: a });
      const again = await connectUser(c, { id: a, watchlist: [b] });
      await expectWatched(again, { online: [b] });
      await watched.close();
      await expectWatched(again, { offline: [b] });
      await Promise.all([again, withoutOne].map((socket) => socket.expectQuiet()));
    },
  },
  {
    id: 'WL-08',
    statement: 'A sign-in without a watchlist is followed by no watchlist events.',
    needs: ['watchlist'],
    async run(c) {
      const socket = await connectUser(c, { id: c.channel('a-') });
      await connectUser(c, { id: c.channel('b-') });
      await socket.expectQuiet();
    },
  },
  {
    id: 'WL-09',
    statement: 'Handlers of the watchlist of pusher-js get name and user_ids.',
    needs: ['watchlist'],
    async run(c) {
      const { app } = c.provision('watchlist');
      const user = c.channel('b-');
      const client = c.pusher({ app, user: { id: c.channel('a-'), watchlist: [user] } });
      const seen: unknown[] = [];
      for (const name of ['online', 'offline']) {
        client.pusher.user.watchlist.bind(name, (data: unknown) => seen.push(data));
      }
      await client.signIn();
      await client.until('the first state', () => seen.length === 1);
      const connection = await connectUser(c, { id: user });
      await client.until('its coming', () => seen.length === 2);
      await connection.close();
      await client.until('its going', () => seen.length === 3);
      assert.deepEqual(
        seen,
        ['offline', 'online', 'offline'].map((name) => ({ name, user_ids: [user] })),
      );
    },
  },
  {
    id: 'WL-10',
    statement: 'A number in a watchlist is the user whose id has its digits.',
    needs: ['watchlist'],
    async run(c) {
      const user = 7_000_000_000 + Math.floor(Math.random() * 1e9);
      const watcher = await connectUser(c, { id: c.channel('a-'), watchlist: [user] });
      await expectWatched(watcher, { offline: [String(user)] });
      await connectUser(c, { id: String(user) });
      await expectWatched(watcher, { online: [String(user)] });
    },
  },
  {
    id: 'WL-11',
    statement: 'A member of a presence channel who is not signed in is not online.',
    needs: ['watchlist'],
    async run(c) {
      const user = c.channel('b-');
      const member = await c.connect(c.provision('watchlist'));
      const channel = c.channel('presence-');
      await member.join(channel, { user_id: user });
      const watcher = await connectUser(c, { id: c.channel('a-'), watchlist: [user] });
      await expectWatched(watcher, { offline: [user] });
      member.sendUnsubscribe(channel);
      await member.join(channel, { user_id: user });
      await watcher.expectQuiet();
    },
  },
];
