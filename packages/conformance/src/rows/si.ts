import assert from 'node:assert/strict';
import { dataOf } from '../clients/frames.ts';
import { channelOfUser, type PusherSocket } from '../clients/pusher-socket.ts';
import { hmac, signInAuth } from '../clients/signature.ts';
import type { RowContext } from '../context.ts';
import type { Row } from '../row.ts';
import { counting } from './counting.ts';
import { expectUsersUnlisted } from './listing.ts';

/** Shows that the socket gets the events of a user. */
async function expectToGetEventsOf(context: RowContext, userId: string, socket: PusherSocket): Promise<void> {
  const channel = channelOfUser(userId);
  await socket.subscribe(channel);
  await context.http().publish({ channel, name: 'for-the-user', data: 'd' });
  await socket.expectFrame({ event: 'for-the-user', channel, data: 'd' });
}

/** Rows of the sign-in itself. */
const SIGN_IN: readonly Row[] = [
  {
    id: 'SI-01',
    statement: 'A sign-in succeeds with its user_data, unchanged, in data that is a string.',
    async run(c) {
      const socket = await c.connect();
      const userData = `{ "user_info": {"name":"Ä \\u2028 😀"}, "id":"${c.channel('user-')}", "more": [1] }`;
      socket.sendSignIn(userData);
      const success = await socket.expectEvent('pusher:signin_success');
      assert.deepEqual(Object.keys(success).sort(), ['data', 'event']);
      assert.deepEqual(dataOf(success), { user_data: userData });
      await socket.expectQuiet();
    },
  },
  {
    id: 'SI-02',
    statement: 'A sign-in with a wrong signature gets an error, and the connection stays open and not signed in.',
    async run(c) {
      const socket = await c.connect();
      const user = c.channel('user-');
      const userData = JSON.stringify({ id: user });
      const right = hmac(socket.app.secret, `${socket.id}::user::${userData}`);
      for (const signature of [hmac('wrong', 'x'), '', 'bad', right.slice(0, -1), `${right}0`]) {
        socket.sendSignIn(userData, `${socket.app.key}:${signature}`);
        await socket.expectError(null, /./);
      }
      socket.sendSignIn(userData, `${socket.app.key}:bad`);
      const text = await socket.expectError(null, /bad/);
      assert.ok(!text.includes(right), 'the right signature is not told');
      await socket.expectNotSignedInAs(user);
      await socket.signIn({ id: user });
    },
  },
  {
    id: 'SI-03',
    statement: 'user_data that is not JSON, or whose id is not a string with something in it, gets an error.',
    async run(c) {
      const socket = await c.connect();
      const id = `5${Math.floor(Math.random() * 1e9)}`;
      for (const userData of ['not json', '{}', '{"id":""}', `{"id":${id}}`, '{"id":null}', '[]', 'null', `"${id}"`]) {
        socket.sendSignIn(userData);
        await socket.expectError(null, /./);
      }
      await socket.expectNotSignedInAs(id);
      await socket.expectQuiet();
    },
  },
  {
    id: 'SI-04',
    statement: 'A user may sign in again on the same connection.',
    async run(c) {
      const socket = await c.connect();
      const user = c.channel('user-');
      await socket.signIn({ id: user });
      await socket.signIn({ id: user });
      await socket.signIn({ id: user, user_info: { name: 'A' } });
      await expectToGetEventsOf(c, user, socket);
      await socket.expectQuiet();
    },
  },
  {
    id: 'SI-05',
    statement: 'Another user on the same connection gets an error, and the first stays.',
    async run(c) {
      const socket = await c.connect();
      const [first, second] = [c.channel('user-'), c.channel('user-')];
      await socket.signIn({ id: first });
      socket.sendSignIn(JSON.stringify({ id: second }));
      await socket.expectError(null, /./);
      await socket.expectNotSignedInAs(second);
      await expectToGetEventsOf(c, first, socket);
    },
  },
  {
    id: 'SI-06',
    statement: 'A sign-in without auth or user_data gets an error.',
    async run(c) {
      const socket = await c.connect();
      const user = c.channel('user-');
      const userData = JSON.stringify({ id: user });
      const auth = signInAuth(socket.app, socket.id, userData);
      for (const data of [{}, { auth }, { user_data: userData }, { auth: '', user_data: userData }, undefined]) {
        socket.send({ event: 'pusher:signin', data });
        await socket.expectError(null, /./);
      }
      await socket.expectNotSignedInAs(user);
      await socket.expectQuiet();
    },
  },
  {
    id: 'SI-07',
    statement: 'A sign-in with a key that is not of the app gets an error.',
    async run(c) {
      const socket = await c.connect();
      const user = c.channel('user-');
      const userData = JSON.stringify({ id: user });
      socket.sendSignIn(userData, signInAuth({ ...socket.app, key: 'zzz' }, socket.id, userData));
      await socket.expectError(null, /./);
      await socket.expectNotSignedInAs(user);
    },
  },
  {
    id: 'SI-17',
    statement: 'Of two sign-ins sent at once each is answered in turn, and the first user stays.',
    async run(c) {
      const [first, second] = [c.channel('user-'), c.channel('user-')];
      const [same, different] = [await c.connect(), await c.connect()];
      const userData = [first, second].map((id) => JSON.stringify({ id })) as [string, string];
      same.sendSignIn(userData[0]);
      same.sendSignIn(userData[0]);
      await same.expectSignedIn(userData[0]);
      await same.expectSignedIn(userData[0]);
      different.sendSignIn(userData[0]);
      different.sendSignIn(userData[1]);
      await different.expectSignedIn(userData[0]);
      await different.expectError(null, /./);
      await different.expectNotSignedInAs(second);
      for (const socket of [same, different]) await socket.subscribe(channelOfUser(first));
      await c.http().publish({ channel: channelOfUser(first), name: 'e', data: 'd' });
      for (const socket of [same, different]) {
        await socket.expectFrame({ event: 'e', channel: channelOfUser(first), data: 'd' });
        await socket.expectQuiet();
      }
    },
  },
  {
    id: 'SI-18',
    statement: 'A sign-in that was signed for another connection gets an error.',
    async run(c) {
      const [socket, other] = [await c.connect(), await c.connect()];
      const user = c.channel('user-');
      const userData = JSON.stringify({ id: user });
      socket.sendSignIn(userData, signInAuth(socket.app, other.id, userData));
      await socket.expectError(null, /./);
      await socket.expectNotSignedInAs(user);
    },
  },
];

/** Rows of who may have the events of a user. */
const CHANNEL: readonly Row[] = [
  {
    id: 'SI-08',
    statement: 'A connection that is signed in may subscribe to the events of its user.',
    async run(c) {
      const socket = await c.connect();
      const user = c.channel('user-');
      await socket.signIn({ id: user });
      await expectToGetEventsOf(c, user, socket);
      await socket.expectQuiet();
    },
  },
  {
    id: 'SI-09',
    statement: 'A connection that is not signed in may not have the events of a user.',
    async run(c) {
      const [socket, owner] = [await c.connect(), await c.connect()];
      const user = c.channel('user-');
      await owner.signIn({ id: user });
      await socket.expectNotSignedInAs(user);
      await expectToGetEventsOf(c, user, owner);
      await socket.expectQuiet();
    },
  },
  {
    id: 'SI-10',
    statement: 'A connection that is signed in may not have the events of another user.',
    async run(c) {
      const [socket, owner] = [await c.connect(), await c.connect()];
      const user = c.channel('user-');
      await owner.signIn({ id: user });
      // Beginnings of an id are other ids.
      for (const id of [`${user}-b`, user.slice(0, -1)]) {
        const other = await c.connect();
        await other.signIn({ id });
        await other.expectNotSignedInAs(user);
      }
      await socket.signIn({ id: c.channel('user-') });
      await socket.expectNotSignedInAs(user);
      await expectToGetEventsOf(c, user, owner);
      await socket.expectQuiet();
    },
  },
  {
    id: 'SI-13',
    statement: 'The channel of a user is not listed and has no subscription_count.',
    async run(c) {
      const app = counting(c);
      const http = c.http({ app });
      const user = c.channel('user-');
      const sockets = [await c.connect({ app }), await c.connect({ app })];
      const listed = c.channel();
      for (const socket of sockets) {
        await socket.signIn({ id: user });
        await socket.subscribe(channelOfUser(user));
      }
      await sockets[0]?.subscribe(listed);
      await sockets[0]?.expectQuiet();
      await expectUsersUnlisted(http, listed);
      for (const { asides } of sockets) {
        assert.deepEqual(
          asides.filter(({ channel }) => channel !== listed),
          [],
        );
      }
    },
  },
];

export const SI: readonly Row[] = [...SIGN_IN, ...CHANNEL];
