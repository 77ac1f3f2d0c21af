import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Row } from '../row.ts';
import { terminate } from './terminating.ts';
import { connectUser, expectWatched } from './watching.ts';

const TERMINATED = 4009;

export const TE: readonly Row[] = [
  {
    id: 'TE-01',
    statement:
      "terminateUserConnections of Pusher's library is answered with {} and closes each connection of the user.",
    async run(c) {
      const user = c.channel('user-');
      const sockets = [await c.connectAs({ id: user }), await c.connectAs({ id: user })];
      const response = await c.publisher().terminateUserConnections(user);
      assert.deepEqual([response.status, await response.text()], [200, '{}']);
      for (const socket of sockets) await socket.until('the close', () => socket.closed ?? undefined);
    },
  },
  {
    id: 'TE-02',
    statement: 'Connections of a user who is terminated are closed with 4009, and pusher-js ends disconnected.',
    async run(c) {
      const user = c.channel('user-');
      const socket = await c.connectAs({ id: user });
      const client = c.pusher({ user: { id: user } });
      await client.signIn();
      await terminate(c, user);
      await socket.expectClose(TERMINATED);
      await client.until('being disconnected', () => client.pusher.connection.state === 'disconnected');
      await sleep(2000);
      assert.equal(client.states.at(-1), 'disconnected');
      assert.equal(client.states.filter((state) => state === 'connecting').length, 1, 'it does not try again');
    },
  },
  {
    id: 'TE-03',
    statement: 'Connections of the user are closed on all processes.',
    needs: ['several-processes'],
    async run(c) {
      for (let round = 0; round < 3; round++) {
        const user = c.channel('user-');
        const sockets = await c.spread(8);
        for (const socket of sockets) await socket.signIn({ id: user });
        await terminate(c, user);
        for (const socket of sockets) await socket.expectClose(TERMINATED);
      }
    },
  },
  {
    id: 'TE-04',
    statement: 'A member of a presence channel who is not signed in stays connected.',
    async run(c) {
      const user = c.channel('user-');
      const channel = c.channel('presence-');
      const [member, socket] = [await c.connect(), await c.connectAs({ id: user })];
      await member.join(channel, { user_id: user });
      await terminate(c, user);
      await socket.expectClose(TERMINATED);
      await member.expectQuiet();
      assert.deepEqual(await c.http().read(`/channels/${channel}/users`), { users: [{ id: user }] });
    },
  },
  {
    id: 'TE-05',
    statement: 'Other users stay connected, and so do connections of nobody.',
    async run(c) {
      const user = c.channel('user-');
      const socket = await c.connectAs({ id: user });
      const ids = [`${user}-b`, user.slice(0, -1), c.channel('user-')];
      const others = [...(await Promise.all(ids.map((id) => c.connectAs({ id })))), await c.connect()];
      await terminate(c, user);
      await socket.expectClose(TERMINATED);
      await Promise.all(others.map((other) => other.expectQuiet()));
    },
  },
  {
    id: 'TE-06',
    statement: 'A user whom nobody knows is answered with {} too.',
    async run(c) {
      const { status, text } = await c.http().post(`/users/${c.channel('user-')}/terminate_connections`, {});
      assert.deepEqual([status, text], [200, '{}']);
    },
  },
  {
    id: 'TE-07',
    statement: 'The body of the request may be empty or {}.',
    async run(c) {
      for (const body of [undefined, '{}']) {
        const user = c.channel('user-');
        const socket = await c.connectAs({ id: user });
        const { status, text } = await c.http().post(`/users/${user}/terminate_connections`, body);
        assert.deepEqual([status, text], [200, '{}']);
        await socket.expectClose(TERMINATED);
      }
    },
  },
  {
    id: 'TE-08',
    statement: 'A user who was terminated may connect and sign in again.',
    async run(c) {
      const user = c.channel('user-');
      const socket = await c.connectAs({ id: user });
      await terminate(c, user);
      await socket.expectClose(TERMINATED);
      const [again, third] = [await c.connectAs({ id: user }), await c.connectAs({ id: user })];
      await again.expectQuiet();
      await third.expectAlive();
      await terminate(c, user);
      for (const each of [again, third]) await each.expectClose(TERMINATED);
    },
  },
  {
    id: 'TE-09',
    statement: 'After a termination the user has left presence channels, and is offline where it is watched.',
    async run(c) {
      const app = c.target.provides.watchlist?.app;
      const options = app === undefined ? {} : { app };
      const user = c.channel('user-');
      const channel = c.channel('presence-');
      const [socket, other] = [await c.connectAs({ id: user }, options), await c.connect(options)];
      await other.join(channel, { user_id: 'other' });
      await socket.join(channel, { user_id: user });
      await other.expectMemberAdded(channel);
      const watcher =
        app === undefined ? undefined : await connectUser(c, { id: c.channel('user-'), watchlist: [user] });
      if (watcher !== undefined) await expectWatched(watcher, { online: [user] });
      await terminate(c, user, app);
      await socket.expectClose(TERMINATED);
      await other.expectMemberRemoved(channel, user);
      if (watcher !== undefined) await expectWatched(watcher, { offline: [user] });
      const { users } = await c.http(options).read(`/channels/${channel}/users`);
      assert.deepEqual(users, [{ id: 'other' }]);
    },
  },
];
