import assert from 'node:assert/strict';
import type { PusherSocket } from '../clients/pusher-socket.ts';
import type { OpenOptions, RowContext } from '../context.ts';
import type { Row } from '../row.ts';
import { expectKept } from './cache.ts';
import { counting } from './counting.ts';

const A = { user_id: '1', user_info: { name: 'A' } };
const B = { user_id: '2', user_info: { name: 'B' } };

interface Pair {
  readonly channel: string;
  readonly a: PusherSocket;
  readonly b: PusherSocket;
}

/** A and B on a channel of their own; A has been told of B. */
async function pairOf(context: RowContext, options: OpenOptions = {}): Promise<Pair> {
  const channel = context.channel('presence-');
  const [a, b] = [await context.connect(options), await context.connect(options)];
  await a.join(channel, A);
  await b.join(channel, B);
  assert.deepEqual(await a.expectMemberAdded(channel), B);
  return { channel, a, b };
}

/** Asks for a presence channel with this channel_data, signed. */
function sendSigned(socket: PusherSocket, channel: string, channelData: string): void {
  socket.sendSubscribe(channel, { auth: socket.authFor(channel, channelData), channel_data: channelData });
}

/** Rows of presence that one process can show. */
export const PR: readonly Row[] = [
  {
    id: 'PR-01',
    statement: 'The first member gets a list with itself, as a string of JSON.',
    async run(c) {
      const socket = await c.connect();
      const channel = c.channel('presence-');
      socket.sendJoin(channel, A);
      const frame = await socket.expectEvent('pusher_internal:subscription_succeeded');
      assert.deepEqual(Object.keys(frame).sort(), ['channel', 'data', 'event']);
      assert.equal(frame['channel'], channel);
      assert.equal(typeof frame['data'], 'string');
      const expected = { presence: { count: 1, ids: ['1'], hash: { 1: { name: 'A' } } } };
      assert.deepEqual(JSON.parse(String(frame['data'])), expected);
    },
  },
  {
    id: 'PR-02',
    statement: 'A second user is announced to the first and not to itself, and gets a list of both.',
    async run(c) {
      const channel = c.channel('presence-');
      const [a, b] = [await c.connect(), await c.connect()];
      await a.join(channel, A);
      const list = await b.join(channel, B);
      assert.deepEqual(list.ids.toSorted(), ['1', '2']);
      assert.deepEqual([list.hash.get('1'), list.hash.get('2')], [A.user_info, B.user_info]);
      assert.deepEqual(await a.expectMemberAdded(channel), B);
      await b.expectQuiet();
    },
  },
  {
    id: 'PR-03',
    statement: 'A user who unsubscribes is announced as removed, by id alone.',
    async run(c) {
      const { channel, a, b } = await pairOf(c);
      b.sendUnsubscribe(channel);
      await a.expectMemberRemoved(channel, '2');
      await b.expectQuiet();
    },
  },
  {
    id: 'PR-04',
    statement: 'A user whose connection closes is announced as removed within a second.',
    async run(c) {
      const { channel, a, b } = await pairOf(c);
      const before = performance.now();
      await b.close();
      await a.expectMemberRemoved(channel, '2');
      assert.ok(performance.now() - before < 1000);
    },
  },
  {
    id: 'PR-05',
    statement: 'A second connection of a user is not announced and does not count.',
    async run(c) {
      const { channel, a } = await pairOf(c);
      const second = await c.connect();
      assert.deepEqual((await second.join(channel, B)).ids.toSorted(), ['1', '2']);
      await a.expectQuiet();
      assert.deepEqual(await c.http().read(`/channels/${channel}`, { info: 'user_count' }), {
        occupied: true,
        user_count: 2,
      });
    },
  },
  {
    id: 'PR-06',
    statement: 'A user is announced as removed once, with the last connection.',
    async run(c) {
      const { channel, a, b } = await pairOf(c);
      const second = await c.connect();
      await second.join(channel, B);
      await b.close();
      await a.expectQuiet();
      await second.close();
      await a.expectMemberRemoved(channel, '2');
      await a.expectQuiet();
    },
  },
  {
    id: 'PR-09',
    statement: 'A user_id that is a number becomes a string.',
    async run(c) {
      const channel = c.channel('presence-');
      const [a, b] = [await c.connect(), await c.connect()];
      await a.join(channel, A);
      assert.deepEqual((await b.join(channel, { user_id: 10 })).ids.toSorted(), ['1', '10']);
      assert.equal((await a.expectMemberAdded(channel))['user_id'], '10');
    },
  },
  {
    id: 'PR-10',
    statement: 'The user_ids 10 and "10" are the same user.',
    async run(c) {
      const channel = c.channel('presence-');
      const [a, b, b2] = [await c.connect(), await c.connect(), await c.connect()];
      await a.join(channel, A);
      await b.join(channel, { user_id: 10 });
      await a.expectMemberAdded(channel);
      assert.deepEqual((await b2.join(channel, { user_id: '10' })).ids.toSorted(), ['1', '10']);
      await a.expectQuiet();
    },
  },
  {
    id: 'PR-11',
    statement: 'A member without user_info is null in the list.',
    async run(c) {
      const channel = c.channel('presence-');
      const [a, b] = [await c.connect(), await c.connect()];
      const { hash } = await a.join(channel, { user_id: '1' });
      assert.deepEqual([...hash], [['1', null]]);
      await b.join(channel, { user_id: '2' });
      const { user_id: id, user_info: info = null } = await a.expectMemberAdded(channel);
      assert.deepEqual({ id, info }, { id: '2', info: null });
    },
  },
  {
    id: 'PR-12',
    statement: 'Without channel_data a connection that is not signed in is refused.',
    async run(c) {
      const socket = await c.connect();
      const channel = c.channel('presence-');
      socket.sendSubscribe(channel, { auth: socket.authFor(channel) });
      await socket.expectRefused(channel, /./);
    },
  },
  {
    id: 'PR-13',
    statement: 'Without channel_data a signed-in user is the member, with the user_info of the sign-in.',
    async run(c) {
      const socket = await c.connect();
      const channel = c.channel('presence-');
      await socket.signIn({ id: 'u', user_info: { name: 'U' } });
      socket.sendSubscribe(channel, { auth: socket.authFor(channel) });
      const { hash } = await socket.expectJoined(channel);
      assert.deepEqual([...hash], [['u', { name: 'U' }]]);
    },
  },
  {
    id: 'PR-14',
    statement: 'channel_data of a signed-in user comes before the sign-in.',
    async run(c) {
      const socket = await c.connect();
      const channel = c.channel('presence-');
      await socket.signIn({ id: 'u', user_info: { name: 'U' } });
      const { hash } = await socket.join(channel, A);
      assert.deepEqual([...hash], [['1', A.user_info]]);
    },
  },
  {
    id: 'PR-15',
    statement: 'channel_data that is not JSON is refused, after its signature was checked.',
    async run(c) {
      const socket = await c.connect();
      const channel = c.channel('presence-');
      socket.sendSubscribe(channel, { auth: `${socket.app.key}:bad`, channel_data: 'not json' });
      await socket.expectRefused(channel, /^Invalid signature/);
      sendSigned(socket, channel, 'not json');
      assert.doesNotMatch(await socket.expectRefused(channel, /./), /signature/i);
    },
  },
  {
    id: 'PR-16',
    statement: 'channel_data without user_id is refused.',
    async run(c) {
      const socket = await c.connect();
      const channel = c.channel('presence-');
      for (const channelData of [
        '{}',
        '{"user_info":{"name":"A"}}',
        '{"user_id":null}',
        '{"user_id":""}',
        '[]',
        '{"user_id":{}}',
      ]) {
        sendSigned(socket, channel, channelData);
        await socket.expectRefused(channel, /./);
      }
    },
  },
  {
    id: 'PR-20',
    statement: 'A user_id may have 128 characters and not 129.',
    async run(c) {
      const socket = await c.connect();
      const [long, tooLong] = [c.channel('presence-'), c.channel('presence-')];
      const id = 'x'.repeat(128);
      assert.deepEqual((await socket.join(long, { user_id: id })).ids, [id]);
      socket.sendJoin(tooLong, { user_id: `${id}x` });
      await socket.expectRefused(tooLong, /./);
    },
  },
  {
    id: 'PR-21',
    statement: 'On a presence-cache- channel the kept event comes after a success with the members.',
    async run(c) {
      const channel = c.channel('presence-cache-');
      const [a, b] = [await c.connect(), await c.connect()];
      await a.join(channel, A);
      const event = { name: 'kept', channel, data: '{"a": 1}' };
      await c.http().publish(event);
      await expectKept(a, event);
      assert.deepEqual((await b.join(channel, B)).ids.toSorted(), ['1', '2']);
      await expectKept(b, event);
      assert.deepEqual(await a.expectMemberAdded(channel), B);
    },
  },
  {
    id: 'PR-22',
    statement: 'A user who unsubscribes and subscribes again is announced as removed and then as added.',
    async run(c) {
      const { channel, a, b } = await pairOf(c);
      b.sendUnsubscribe(channel);
      await b.join(channel, B);
      await a.expectMemberRemoved(channel, '2');
      assert.deepEqual(await a.expectMemberAdded(channel), B);
      await a.expectQuiet();
    },
  },
  {
    id: 'PR-27',
    statement: 'A presence channel gets no subscription_count.',
    async run(c) {
      const { channel, a, b } = await pairOf(c, { app: counting(c) });
      b.sendUnsubscribe(channel);
      await a.expectMemberRemoved(channel, '2');
      for (const socket of [a, b]) {
        await socket.expectQuiet();
        assert.deepEqual(socket.asides, []);
      }
    },
  },
  {
    id: 'PR-28',
    statement: 'User ids like __proto__ and constructor are ordinary ids.',
    async run(c) {
      const channel = c.channel('presence-');
      const ids = ['__proto__', 'constructor', 'toString'];
      const watcher = await c.connect();
      await watcher.join(channel, A);
      for (const id of ids) {
        await (await c.connect()).join(channel, { user_id: id, user_info: { id } });
        assert.deepEqual(await watcher.expectMemberAdded(channel), { user_id: id, user_info: { id } });
      }
      const { hash } = await (await c.connect()).join(channel, A);
      for (const id of ids) assert.deepEqual(hash.get(id), { id });
      const { users } = await c.http().read(`/channels/${channel}/users`);
      assert.deepEqual(new Set((users as { readonly id: string }[]).map(({ id }) => id)), new Set(['1', ...ids]));
    },
  },
  {
    id: 'PR-29',
    statement: 'user_info of any JSON passes unchanged.',
    async run(c) {
      const channel = c.channel('presence-');
      const watcher = await c.connect();
      await watcher.join(channel, A);
      const infos = [['a', 1], 'text "quoted" \u2028 😀', { deep: { er: [null, { x: true }] } }, 0, false, {}];
      for (const [i, info] of infos.entries()) {
        const member = { user_id: `m${i}`, user_info: info };
        const { hash } = await (await c.connect()).join(channel, member);
        assert.deepEqual(hash.get(member.user_id), info);
        assert.deepEqual(await watcher.expectMemberAdded(channel), member);
      }
    },
  },
];
