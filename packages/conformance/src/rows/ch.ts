import assert from 'node:assert/strict';
import { expectRefusal, writeRawQuery } from '../clients/http-client.ts';
import { channelOfUser } from '../clients/pusher-socket.ts';
import type { RowContext } from '../context.ts';
import type { Row } from '../row.ts';
import { expectUsersUnlisted, untilNotListed } from './listing.ts';
import { joinAsThree } from './members.ts';

const NEEDS_FILTER =
  'user_count may only be requested for presence channels - please supply filter_by_prefix begining with presence-';

/** A presence channel with two users, one of them on two connections. */
async function twoUsers(context: RowContext): Promise<string> {
  const channel = context.channel('presence-');
  for (const id of ['1', '2', '2']) await (await context.connect()).join(channel, { user_id: id });
  return channel;
}

function usersOf(answer: Readonly<Record<string, unknown>>): unknown[] {
  assert.deepEqual(Object.keys(answer), ['users']);
  const { users } = answer;
  assert.ok(Array.isArray(users));
  return users.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** Rows of the list of channels. */
const LIST: readonly Row[] = [
  {
    id: 'CH-01',
    statement: 'Without an occupied channel the list is exactly {"channels":{}}.',
    needs: ['quiet-app'],
    async run(c) {
      const { app } = c.provision('quiet-app');
      const { status, text } = await c.http({ app }).get('/channels');
      assert.deepEqual([status, text], [200, '{"channels":{}}']);
    },
  },
  {
    id: 'CH-02',
    statement: 'An occupied channel is listed with nothing in it where nothing was asked for.',
    async run(c) {
      const channel = c.channel();
      await (await c.connect()).subscribe(channel);
      assert.deepEqual(await c.http().read('/channels', { filter_by_prefix: channel }), {
        channels: { [channel]: {} },
      });
    },
  },
  {
    id: 'CH-03',
    statement: 'filter_by_prefix lists the channels whose names begin with it.',
    async run(c) {
      const base = c.channel();
      const socket = await c.connect();
      for (const channel of [`${base}-a1`, `${base}-a2`, `${base}-b`, `x-${base}-a`]) await socket.subscribe(channel);
      assert.deepEqual(await c.http().channels(`${base}-a`), [`${base}-a1`, `${base}-a2`]);
      assert.deepEqual(await c.http().channels(`${base}-`), [`${base}-a1`, `${base}-a2`, `${base}-b`]);
      assert.deepEqual(await c.http().channels(`${base}-c`), []);
    },
  },
  {
    id: 'CH-04',
    statement: 'user_count of the list counts distinct users.',
    async run(c) {
      const channel = await twoUsers(c);
      const answer = await c.http().read('/channels', { filter_by_prefix: channel, info: 'user_count' });
      assert.deepEqual(answer, { channels: { [channel]: { user_count: 2 } } });
      const { channels } = await c.http().read('/channels', { filter_by_prefix: 'presence-', info: 'user_count' });
      assert.deepEqual((channels as Readonly<Record<string, unknown>>)[channel], { user_count: 2 });
    },
  },
  {
    id: 'CH-05',
    statement: 'user_count without a presence filter is refused with the text of Pusher, whatever is occupied.',
    async run(c) {
      await (await c.connect()).subscribe(c.channel());
      const quiet = c.target.provides['quiet-app'];
      for (const http of [c.http(), ...(quiet === undefined ? [] : [c.http(quiet)])]) {
        for (const filter of [{}, { filter_by_prefix: 'test_' }]) {
          expectRefusal(await http.get('/channels', { info: 'user_count', ...filter }), 400, NEEDS_FILTER);
        }
      }
    },
  },
  {
    id: 'CH-06',
    statement: 'An unknown attribute is refused with the text of Pusher.',
    async run(c) {
      const text = /info should be a comma separated list of attributes/;
      const channel = c.channel('presence-');
      for (const path of ['/channels', `/channels/${channel}`]) {
        expectRefusal(await c.http().get(path, { info: 'does-not-exist' }), 400, text);
        const query = { info: 'user_count,does-not-exist', filter_by_prefix: 'presence-' };
        expectRefusal(await c.http().get(path, query), 400, text);
      }
    },
  },
  {
    id: 'CH-07',
    statement: 'A channel is listed as soon as a subscription has succeeded.',
    async run(c) {
      const socket = await c.connect();
      for (let i = 0; i < 10; i++) {
        const channel = c.channel();
        await socket.subscribe(channel);
        assert.deepEqual(await c.http().channels(channel), [channel]);
      }
    },
  },
  {
    id: 'CH-08',
    statement: 'Two connections of one user are one user.',
    async run(c) {
      const channel = c.channel('presence-');
      for (let i = 0; i < 2; i++) await (await c.connect()).join(channel, { user_id: '1' });
      const answer = await c.http().read('/channels', { filter_by_prefix: channel, info: 'user_count' });
      assert.deepEqual(answer, { channels: { [channel]: { user_count: 1 } } });
    },
  },
  {
    id: 'CH-22',
    statement: 'Channels of users are not listed.',
    async run(c) {
      const user = c.channel('user-');
      const socket = await c.connect();
      await socket.signIn({ id: user });
      const [listed, hidden] = [c.channel(), channelOfUser(user)];
      await socket.subscribe(hidden);
      await socket.subscribe(listed);
      await expectUsersUnlisted(c.http(), listed);
    },
  },
  {
    id: 'CH-23',
    statement: 'Within a second of the departure of pusher-js its channel is no longer listed.',
    async run(c) {
      const client = c.pusher();
      const [unsubscribed, left] = [c.channel(), c.channel()];
      await client.subscribe(unsubscribed);
      await client.subscribe(left);
      assert.deepEqual(await c.http().channels(unsubscribed), [unsubscribed]);
      client.pusher.unsubscribe(unsubscribed);
      await untilNotListed(c, unsubscribed);
      assert.deepEqual(await c.http().channels(left), [left]);
      client.pusher.disconnect();
      await untilNotListed(c, left);
    },
  },
];

/** Rows of one channel and its users. */
const ONE: readonly Row[] = [
  {
    id: 'CH-09',
    statement: 'Counts are of all processes.',
    needs: ['several-processes'],
    async run(c) {
      const channel = c.channel('presence-');
      await joinAsThree(await c.spread(6), channel);
      await c.settled();
      for (let i = 0; i < 4; i++) {
        const one = await c.http().read(`/channels/${channel}`, { info: 'user_count,subscription_count' });
        assert.deepEqual(one, { occupied: true, user_count: 3, subscription_count: 6 });
        const list = await c.http().read('/channels', { filter_by_prefix: channel, info: 'user_count' });
        assert.deepEqual(list, { channels: { [channel]: { user_count: 3 } } });
      }
    },
  },
  {
    id: 'CH-10',
    statement: 'An unoccupied channel is answered with {"occupied":false}.',
    async run(c) {
      assert.deepEqual(await c.http().read(`/channels/${c.channel()}`), { occupied: false });
    },
  },
  {
    id: 'CH-11',
    statement: 'An occupied channel without info is answered with exactly {"occupied":true}.',
    async run(c) {
      const channel = c.channel();
      await (await c.connect()).subscribe(channel);
      const { status, text } = await c.http().get(`/channels/${channel}`);
      assert.deepEqual([status, text], [200, '{"occupied":true}']);
    },
  },
  {
    id: 'CH-12',
    statement: 'A presence channel has user_count and subscription_count, integers.',
    async run(c) {
      const channel = await twoUsers(c);
      const answer = await c.http().read(`/channels/${channel}`, { info: 'user_count,subscription_count' });
      assert.deepEqual(answer, { occupied: true, user_count: 2, subscription_count: 3 });
    },
  },
  {
    id: 'CH-13',
    statement: 'user_count of a channel without presence is refused with the text of Pusher.',
    async run(c) {
      for (const channel of [c.channel(), c.channel('private-')]) {
        expectRefusal(
          await c.http().get(`/channels/${channel}`, { info: 'user_count' }),
          400,
          'Cannot retrieve the user count unless the channel is a presence channel',
        );
      }
    },
  },
  {
    id: 'CH-14',
    statement: 'subscription_count of an app without it is refused with 400.',
    needs: ['subscription-count-off'],
    async run(c) {
      const { app } = c.provision('subscription-count-off');
      expectRefusal(await c.http({ app }).get(`/channels/${c.channel()}`, { info: 'subscription_count' }), 400, /./);
    },
  },
  {
    id: 'CH-15',
    statement: 'An unoccupied presence channel has a user_count of 0.',
    async run(c) {
      const answer = await c.http().read(`/channels/${c.channel('presence-')}`, { info: 'user_count' });
      assert.deepEqual(answer, { occupied: false, user_count: 0 });
    },
  },
  {
    id: 'CH-16',
    statement: 'The name of a channel in the path may be encoded or raw.',
    async run(c) {
      const socket = await c.connect();
      const channel = `${c.channel()}=a@b,c;d.e_f`;
      await socket.subscribe(channel);
      for (const name of [channel, encodeURIComponent(channel)]) {
        assert.deepEqual(await c.http().read(`/channels/${name}`), { occupied: true });
        const raw = await c.http().get(`/channels/${name}`, { info: 'subscription_count' }, { write: writeRawQuery });
        assert.deepEqual([raw.status, raw.text], [200, '{"occupied":true,"subscription_count":1}']);
      }
    },
  },
  {
    id: 'CH-17',
    statement: 'Users of a channel without presence are refused with the text of Pusher.',
    async run(c) {
      for (const channel of [c.channel(), c.channel('private-')]) {
        const answer = await c.http().get(`/channels/${channel}/users`);
        expectRefusal(answer, 400, 'Users can only be retrieved for presence channels');
      }
    },
  },
  {
    id: 'CH-18',
    statement: 'Users are listed once each, with ids that are strings.',
    async run(c) {
      const channel = await twoUsers(c);
      await (await c.connect()).join(channel, { user_id: 10 });
      assert.deepEqual(usersOf(await c.http().read(`/channels/${channel}/users`)), [
        { id: '1' },
        { id: '10' },
        { id: '2' },
      ]);
    },
  },
  {
    id: 'CH-19',
    statement: 'An unoccupied presence channel has no users.',
    async run(c) {
      assert.deepEqual(await c.http().read(`/channels/${c.channel('presence-')}/users`), { users: [] });
    },
  },
  {
    id: 'CH-20',
    statement: 'Users are listed from all processes.',
    needs: ['several-processes'],
    async run(c) {
      const channel = c.channel('presence-');
      await joinAsThree(await c.spread(6), channel);
      for (let i = 0; i < 4; i++) {
        const users = usersOf(await c.http().read(`/channels/${channel}/users`));
        assert.deepEqual(users, [{ id: 'u0' }, { id: 'u1' }, { id: 'u2' }]);
      }
    },
  },
  {
    id: 'CH-21',
    statement: 'The deprecated stats of a channel say whether it is occupied and by how many users.',
    async run(c) {
      const channel = await twoUsers(c);
      const stats = (name: string) => c.http().read(`/channels/${name}/stats`);
      assert.deepEqual(await stats(channel), { occupied: true, user_count: 2 });
      assert.deepEqual(await stats(c.channel()), { occupied: false, user_count: 0 });
    },
  },
];

export const CH: readonly Row[] = [...LIST, ...ONE];
