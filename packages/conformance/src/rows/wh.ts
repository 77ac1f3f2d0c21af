import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { channelOfUser } from '../clients/pusher-socket.ts';
import type { Row } from '../row.ts';
import { terminate } from './terminating.ts';
import {
  added,
  afterDepartureMs,
  expectDeparture,
  expectNothingElse,
  occupied,
  removed,
  returnMs,
  vacated,
} from './webhooks.ts';

/** Rows of channels that come and go. */
const CHANNELS: readonly Row[] = [
  {
    id: 'WH-04',
    statement: 'The first subscriber of a channel is told as channel_occupied, and further ones are not.',
    needs: ['webhooks'],
    async run(c) {
      const inbox = c.webhooks();
      const sockets = await c.spread(4);
      for (const prefix of ['', 'private-', 'private-encrypted-']) {
        const channel = c.channel(prefix);
        for (const socket of sockets) await socket.subscribe(channel);
        await inbox.expect(occupied(channel));
      }
      await expectNothingElse(c, inbox);
    },
  },
  {
    id: 'WH-05',
    statement: 'When the last subscriber has left, by an unsubscribe or a close, channel_vacated comes within 3 s.',
    needs: ['webhooks'],
    timeoutMs: 40_000,
    async run(c) {
      const inbox = c.webhooks();
      const [first, second] = [await c.connect(), await c.connect()];
      const channel = c.channel();
      for (const socket of [first, second]) await socket.subscribe(channel);
      await inbox.expect(occupied(channel));
      await first.close();
      await expectNothingElse(c, inbox, { forMs: afterDepartureMs(c) });
      let leftAt = performance.now();
      second.sendUnsubscribe(channel);
      await expectDeparture(inbox, vacated(channel), leftAt);
      await second.subscribe(channel);
      await inbox.expect(occupied(channel));
      leftAt = performance.now();
      second.terminate();
      await expectDeparture(inbox, vacated(channel), leftAt);
      await expectNothingElse(c, inbox);
    },
  },
  {
    id: 'WH-06',
    statement: 'A channel that is left and soon entered again is told neither as vacated nor as occupied.',
    needs: ['webhooks'],
    timeoutMs: 40_000,
    async run(c) {
      const inbox = c.webhooks();
      const socket = await c.connect();
      const channel = c.channel();
      await socket.subscribe(channel);
      await inbox.expect(occupied(channel));
      socket.sendUnsubscribe(channel);
      await sleep(returnMs(c));
      await socket.subscribe(channel);
      await socket.close();
      await sleep(returnMs(c));
      const other = await c.connect();
      await other.subscribe(channel);
      await expectNothingElse(c, inbox, { forMs: afterDepartureMs(c) });
      other.sendUnsubscribe(channel);
      await inbox.expect(vacated(channel));
    },
  },
];

/** Rows of members of presence channels. */
const MEMBERS: readonly Row[] = [
  {
    id: 'WH-07',
    statement:
      'The first connection of a user on a presence channel is told as member_added, its end as member_removed, with the id as a string.',
    needs: ['webhooks'],
    timeoutMs: 40_000,
    async run(c) {
      const inbox = c.webhooks();
      const channel = c.channel('presence-');
      const user = c.channel('user-');
      const [first, second, third] = [await c.connect(), await c.connect(), await c.connectAs({ id: user })];
      await first.join(channel, { user_id: 10, user_info: { name: 'Ten' } });
      await inbox.expectAll([occupied(channel), added(channel, '10')]);
      await second.join(channel, { user_id: 'eleven' });
      await inbox.expect(added(channel, 'eleven'));
      await third.join(channel, { user_id: user });
      await inbox.expect(added(channel, user));
      const leftAt = performance.now();
      first.sendUnsubscribe(channel);
      await expectDeparture(inbox, removed(channel, '10'), leftAt);
      await terminate(c, user);
      await inbox.expect(removed(channel, user));
      second.terminate();
      await inbox.expectAll([removed(channel, 'eleven'), vacated(channel)]);
      await expectNothingElse(c, inbox);
    },
  },
  {
    id: 'WH-08',
    statement:
      'A member who leaves and soon returns is told of in frames at once, and not in webhooks; one who stays away is told of within 3 s.',
    needs: ['webhooks'],
    timeoutMs: 40_000,
    async run(c) {
      const inbox = c.webhooks();
      const channel = c.channel('presence-');
      const [watcher, member] = [await c.connect(), await c.connect()];
      await watcher.join(channel, { user_id: 'watcher' });
      await member.join(channel, { user_id: 'member' });
      await watcher.expectMemberAdded(channel);
      await inbox.expectAll([occupied(channel), added(channel, 'watcher'), added(channel, 'member')]);
      const leave = async (): Promise<number> => {
        const leftAt = performance.now();
        member.sendUnsubscribe(channel);
        await watcher.expectMemberRemoved(channel, 'member');
        const tookMs = performance.now() - leftAt;
        assert.ok(tookMs < 1000, `the frame came after ${Math.round(tookMs)} ms`);
        return leftAt;
      };
      await leave();
      await sleep(returnMs(c));
      await member.join(channel, { user_id: 'member' });
      await watcher.expectMemberAdded(channel);
      await expectNothingElse(c, inbox, { forMs: afterDepartureMs(c) });
      await expectDeparture(inbox, removed(channel, 'member'), await leave());
    },
  },
  {
    id: 'WH-09',
    statement: 'A further connection of a user is not told as member_added, nor its end as member_removed.',
    needs: ['webhooks'],
    timeoutMs: 40_000,
    async run(c) {
      const inbox = c.webhooks();
      const channel = c.channel('presence-');
      const sockets = await c.spread(4);
      for (const socket of sockets) await socket.join(channel, { user_id: 'one' });
      await inbox.expectAll([occupied(channel), added(channel, 'one')]);
      const last = sockets.pop();
      sockets.pop()?.terminate();
      for (const socket of sockets) socket.sendUnsubscribe(channel);
      await expectNothingElse(c, inbox, { forMs: afterDepartureMs(c) });
      await last?.close();
      await inbox.expectAll([removed(channel, 'one'), vacated(channel)]);
    },
  },
];

/** Rows of what is told beside comings and goings, and of what is not. */
const OTHERS: readonly Row[] = [
  {
    id: 'WH-10',
    statement:
      'A client event is told with its channel, event, data as a string and socket_id, and the user_id on presence channels only; a refused one is not.',
    needs: ['webhooks'],
    async run(c) {
      const inbox = c.webhooks();
      const socket = await c.connect();
      const [plain, presence, open] = [c.channel('private-'), c.channel('presence-'), c.channel()];
      await socket.subscribe(plain);
      await socket.join(presence, { user_id: 'sender' });
      await socket.subscribe(open);
      await inbox.expectAll([occupied(plain), occupied(presence), added(presence, 'sender'), occupied(open)]);
      socket.sendClientEvent(open, 'refused');
      await socket.expectEvent('pusher:error');
      const common = { name: 'client_event', event: 'client-x', socket_id: socket.id };
      socket.sendClientEvent(plain, ' text é☃ ');
      await inbox.expect({ ...common, channel: plain, data: ' text é☃ ' });
      socket.sendClientEvent(presence, 'd');
      await inbox.expect({ ...common, channel: presence, data: 'd', user_id: 'sender' });
      socket.sendClientEvent(plain, { a: [1, 'b'] });
      const { data, ...rest } = await inbox.next('the client event with an object');
      assert.deepEqual(rest, { ...common, channel: plain });
      assert.equal(typeof data, 'string', 'data has to be a string');
      assert.deepEqual(JSON.parse(String(data)), { a: [1, 'b'] });
      await expectNothingElse(c, inbox);
    },
  },
  {
    id: 'WH-11',
    statement: 'Five clients that find a cache empty soon after each other are one cache_miss, of name and channel.',
    needs: ['webhooks'],
    async run(c) {
      const inbox = c.webhooks();
      const channel = c.channel('cache-');
      for (const socket of await c.spread(5)) await socket.subscribe(channel);
      await inbox.expectAll([occupied(channel), { name: 'cache_miss', channel }]);
      await expectNothingElse(c, inbox);
    },
  },
  {
    id: 'WH-22',
    statement: 'Channels of users are not told of, nor an unsubscribe from a channel that was never subscribed to.',
    needs: ['webhooks'],
    async run(c) {
      const inbox = c.webhooks();
      const user = c.channel('user-');
      const [first, second] = [await c.connectAs({ id: user }), await c.connectAs({ id: user })];
      for (const socket of [first, second]) await socket.subscribe(channelOfUser(user));
      first.sendUnsubscribe(channelOfUser(user));
      await second.close();
      const never = c.channel();
      first.sendUnsubscribe(never);
      await first.expectError(null, /^No current subscription to channel /);
      await expectNothingElse(c, inbox, { forMs: afterDepartureMs(c) });
    },
  },
];

export const WH: readonly Row[] = [...CHANNELS, ...MEMBERS, ...OTHERS];
