import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PresenceChannel } from 'pusher-js';
import { dataOf, type Frame, presenceOf } from '../clients/frames.ts';
import type { PusherSocket } from '../clients/pusher-socket.ts';
import type { RowContext } from '../context.ts';
import type { Row } from '../row.ts';
import { connectKillable, killOne } from './killing.ts';

const MAX_MEMBERS = 100;
const MAX_INFO_BYTES = 1024;
const FAILURE_TIMEOUT_MS = 5000;

const ADDED = 'pusher_internal:member_added';
const REMOVED = 'pusher_internal:member_removed';

/** A presence channel with as many members as it may have; the first is returned. */
async function fill(context: RowContext, channel: string): Promise<PusherSocket> {
  const sockets = await context.connectMany(MAX_MEMBERS);
  for (const [i, socket] of sockets.entries()) socket.sendJoin(channel, { user_id: `m${i}` });
  for (const socket of sockets) await socket.expectJoined(channel);
  const [first] = sockets;
  if (first === undefined) throw new Error('no socket was opened');
  return first;
}

/** Who is there by what a socket was told: its list, and the events since. Fails if an event came before the list. */
function membersBy(socket: PusherSocket): Set<string> {
  const [first, ...events] = socket.frames;
  assert.equal(first?.['event'], 'pusher_internal:subscription_succeeded', `${socket.name} has to get its list first`);
  const ids = new Set(presenceOf(first ?? {}).ids);
  for (const frame of events) {
    const id = String(dataOf(frame)['user_id']);
    if (frame['event'] === ADDED) {
      assert.ok(!ids.has(id), `${socket.name} was told twice of ${id}`);
      ids.add(id);
    } else {
      assert.equal(frame['event'], REMOVED);
      assert.ok(ids.delete(id), `${socket.name} was told of the departure of ${id}, who was not there`);
    }
  }
  return ids;
}

function eventsOf(socket: PusherSocket, event: string): Frame[] {
  return socket.frames.filter((frame) => frame['event'] === event).map((frame) => dataOf(frame));
}

/** Rows of presence with many connections, several processes or the library. */
export const PR_MANY: readonly Row[] = [
  {
    id: 'PR-07',
    statement: 'Connections of one user on several processes are one member until the last has gone.',
    needs: ['several-processes'],
    async run(c) {
      const channel = c.channel('presence-');
      const watchers = await c.spread(3);
      for (const watcher of watchers) watcher.sendJoin(channel, { user_id: 'w0' });
      for (const watcher of watchers) await watcher.expectJoined(channel);
      const users = await c.spread(4);
      for (const [i, user] of users.entries()) {
        assert.deepEqual((await user.join(channel, { user_id: 'b' })).ids.toSorted(), ['b', 'w0']);
        if (i > 0) continue;
        for (const watcher of watchers) assert.equal((await watcher.expectMemberAdded(channel))['user_id'], 'b');
      }
      await Promise.all(watchers.map((watcher) => watcher.expectQuiet()));
      const last = users.pop();
      for (const user of users) await user.close();
      await Promise.all(watchers.map((watcher) => watcher.expectQuiet()));
      await last?.close();
      for (const watcher of watchers) await watcher.expectMemberRemoved(channel, 'b');
      await Promise.all(watchers.map((watcher) => watcher.expectQuiet()));
    },
  },
  {
    id: 'PR-08',
    statement: 'A user who joins on several processes at once is announced exactly once.',
    needs: ['several-processes'],
    async run(c) {
      const watchers = await c.spread(3);
      const users = await c.spread(4);
      for (let round = 0; round < 5; round++) {
        const channel = c.channel('presence-');
        for (const watcher of watchers) await watcher.join(channel, { user_id: 'w' });
        for (const user of users) user.sendJoin(channel, { user_id: 'b' });
        for (const user of users) assert.deepEqual((await user.expectJoined(channel)).ids.toSorted(), ['b', 'w']);
        for (const watcher of watchers) assert.equal((await watcher.expectMemberAdded(channel))['user_id'], 'b');
        await Promise.all([...watchers, ...users].map((socket) => socket.expectQuiet()));
      }
    },
  },
  {
    id: 'PR-17',
    statement: 'The 101st user is refused as LimitReached, and the connection stays open.',
    timeoutMs: 60_000,
    heavy: true,
    async run(c) {
      const channel = c.channel('presence-');
      await fill(c, channel);
      const late = await c.connect();
      late.sendJoin(channel, { user_id: 'late' });
      await late.expectRefused(channel, /./);
      const frame = await late.expectAside('pusher:subscription_error');
      assert.equal(frame['channel'], channel);
      assert.equal(dataOf(frame)['type'], 'LimitReached');
      assert.deepEqual(await c.http().read(`/channels/${channel}`, { info: 'user_count' }), {
        occupied: true,
        user_count: MAX_MEMBERS,
      });
    },
  },
  {
    id: 'PR-18',
    statement: 'A member of a full channel may open another connection.',
    timeoutMs: 60_000,
    heavy: true,
    async run(c) {
      const channel = c.channel('presence-');
      const first = await fill(c, channel);
      const second = await c.connect();
      assert.equal((await second.join(channel, { user_id: 'm0' })).count, MAX_MEMBERS);
      first.sendUnsubscribe(channel);
      await second.expectQuiet();
    },
  },
  {
    id: 'PR-19',
    statement: 'user_info may have 1024 bytes of JSON and not 1025.',
    async run(c) {
      const socket = await c.connect();
      const [long, tooLong] = [c.channel('presence-'), c.channel('presence-')];
      // Two bytes are the quotes.
      const info = 'é'.repeat((MAX_INFO_BYTES - 2) / 2);
      assert.equal((await socket.join(long, { user_id: '1', user_info: info })).hash.get('1'), info);
      socket.sendJoin(tooLong, { user_id: '1', user_info: `${info}x` });
      await socket.expectRefused(tooLong, /./);
    },
  },
  {
    id: 'PR-23',
    statement: 'pusher-js keeps its members right while another joins and leaves.',
    async run(c) {
      const name = c.channel('presence-');
      const first = c.pusher({ member: { user_id: '1', user_info: { name: 'A' } } });
      const channel = (await first.subscribe(name)) as PresenceChannel;
      const seen: string[] = [];
      channel.bind('pusher:member_added', ({ id }: { readonly id: string }) => seen.push(`+${id}`));
      channel.bind('pusher:member_removed', ({ id }: { readonly id: string }) => seen.push(`-${id}`));
      const snapshot = (members: PresenceChannel['members']): unknown => [members.count, members.me, members.get('2')];
      const a = { id: '1', info: { name: 'A' } };
      const b = { id: '2', info: { name: 'B' } };
      assert.deepEqual(snapshot(channel.members), [1, a, null]);
      const second = c.pusher({ member: { user_id: '2', user_info: { name: 'B' } } });
      const other = (await second.subscribe(name)) as PresenceChannel;
      assert.deepEqual(snapshot(other.members), [2, b, b]);
      assert.deepEqual(other.members.get('1'), a);
      await first.until('the second member', () => seen.length === 1);
      assert.deepEqual(snapshot(channel.members), [2, a, b]);
      second.pusher.disconnect();
      await first.until('its departure', () => seen.length === 2);
      assert.deepEqual(snapshot(channel.members), [1, a, null]);
      assert.deepEqual(seen, ['+2', '-2']);
    },
  },
  {
    id: 'PR-24',
    statement: 'The users of a process that is killed are announced as removed, once each.',
    needs: ['kill-process'],
    timeoutMs: 40_000,
    heavy: true,
    async run(c) {
      const channel = c.channel('presence-');
      const killable = await connectKillable(c);
      const { sockets } = killable;
      for (const [i, socket] of sockets.entries()) await socket.join(channel, { user_id: `u${i}` });
      await sleep(200);
      for (const socket of sockets) socket.frames.length = 0;
      const left = await killOne(killable, 100);
      const gone = sockets.flatMap((socket, i) => (left.includes(socket) ? [] : [`u${i}`]));
      for (const socket of left) {
        await c.eventually(
          'all departures',
          async () => (eventsOf(socket, REMOVED).length >= gone.length ? true : undefined),
          FAILURE_TIMEOUT_MS,
        );
      }
      await sleep(300);
      for (const socket of left) {
        assert.deepEqual(
          eventsOf(socket, REMOVED)
            .map(({ user_id: id }) => String(id))
            .sort(),
          gone.toSorted(),
        );
        socket.frames.length = 0;
        await socket.expectAlive();
      }
    },
  },
  {
    id: 'PR-25',
    statement: 'A user with connections on two processes is not removed when one of them is killed.',
    needs: ['kill-process'],
    timeoutMs: 40_000,
    heavy: true,
    async run(c) {
      const channel = c.channel('presence-');
      const killable = await connectKillable(c);
      for (const socket of killable.sockets) await socket.join(channel, { user_id: 'everywhere' });
      const left = await killOne(killable, 1000);
      await Promise.all(left.map((socket) => socket.expectQuiet()));
      const [late] = await c.connectMany(1, killable.server.endpoints);
      assert.ok(late !== undefined);
      assert.deepEqual((await late.join(channel, { user_id: 'late' })).ids.toSorted(), ['everywhere', 'late']);
      for (const socket of left) assert.equal((await socket.expectMemberAdded(channel))['user_id'], 'late');
    },
  },
  {
    id: 'PR-26',
    statement: 'While 50 users come and some go, list and events together give the truth to every client.',
    timeoutMs: 40_000,
    heavy: true,
    async run(c) {
      const channel = c.channel('presence-');
      const sockets = await c.spread(50);
      for (const [i, socket] of sockets.entries()) socket.sendJoin(channel, { user_id: `u${i}` });
      const leaving = sockets.slice(0, 10);
      await Promise.all(
        leaving.map(async (socket, i) => {
          await socket.listArrived();
          if (i % 2 === 0) socket.sendUnsubscribe(channel);
          else await socket.close();
        }),
      );
      const staying = sockets.slice(10);
      const truth = new Set(staying.map((_, i) => `u${i + 10}`));
      for (const socket of staying) await socket.listArrived();
      await c.eventually(
        'the truth at every client',
        async () => {
          return staying.every((socket) => membersBy(socket).size === truth.size) ? true : undefined;
        },
        5000,
      );
      await sleep(300);
      for (const socket of staying) assert.deepEqual(membersBy(socket), truth);
    },
  },
  {
    id: 'PR-30',
    statement: 'No member is announced to a client before its own subscription has succeeded.',
    async run(c) {
      const sockets = await c.connectMany(20);
      for (let round = 0; round < 3; round++) {
        const channel = c.channel('presence-');
        for (const [i, socket] of sockets.entries()) socket.sendJoin(channel, { user_id: `u${i}` });
        for (const socket of sockets) {
          await socket.until('19 others', () =>
            socket.frames.length > 0 && membersBy(socket).size === 20 ? true : undefined,
          );
        }
        for (const socket of sockets) socket.frames.length = 0;
      }
    },
  },
];
