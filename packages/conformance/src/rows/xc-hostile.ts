import assert from 'node:assert/strict';
import { expectRefusal, expectStatus } from '../clients/http-client.ts';
import { channelOfUser } from '../clients/pusher-socket.ts';
import type { RowContext } from '../context.ts';
import type { Row } from '../row.ts';
import { MISS } from './cache.ts';
import { untilNotListed } from './listing.ts';
import { terminate } from './terminating.ts';
import { connectUser, expectWatched } from './watching.ts';

/** Members that every object of JavaScript has. */
const NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];

async function expectAsChannels(c: RowContext): Promise<void> {
  const [socket, missing] = [await c.connect(), await c.connect({ inOrder: [MISS] })];
  for (const name of NAMES) {
    assert.deepEqual(await c.http().read(`/channels/${name}`), { occupied: false });
    await socket.subscribe(name);
    assert.deepEqual(await c.http().read(`/channels/${name}`), { occupied: true });
    assert.deepEqual(await c.http().channels(name), [name]);
    await c.http().publish({ channel: name, name, data: name });
    await socket.expectFrame({ event: name, channel: name, data: name });
    socket.sendUnsubscribe(name);
    await untilNotListed(c, name);
    const kept = { name, channel: c.channel(`cache-${name}`), data: name };
    await missing.subscribe(kept.channel);
    await missing.expectEvent(MISS);
    await c.http().publish(kept);
    await missing.expectFrame({ event: name, channel: kept.channel, data: name });
  }
  await socket.expectQuiet();
}

async function expectAsUsers(c: RowContext): Promise<void> {
  const channel = c.channel('presence-');
  const watcher = await c.connect();
  await watcher.join(channel, { user_id: 'watcher' });
  for (const name of NAMES) {
    const socket = await c.connectAs({ id: name });
    await socket.subscribe(channelOfUser(name));
    const { ids, hash } = await socket.join(channel, { user_id: name, user_info: { name } });
    assert.deepEqual(ids.toSorted(), ['watcher', name].sort());
    assert.deepEqual(hash.get(name), { name });
    assert.equal((await watcher.expectMemberAdded(channel))['user_id'], name);
    const { users } = await c.http().read(`/channels/${channel}/users`);
    assert.deepEqual(new Set((users as { readonly id: unknown }[]).map(({ id }) => id)), new Set(ids));
    await c.http().publish({ channel: channelOfUser(name), name, data: name });
    await socket.expectFrame({ event: name, channel: channelOfUser(name), data: name });
    await terminate(c, name);
    await socket.expectClose(4009);
    await watcher.expectMemberRemoved(channel, name);
  }
  await watcher.expectQuiet();
}

async function expectAsWatched(c: RowContext): Promise<void> {
  const watcher = await connectUser(c, { id: c.channel('user-'), watchlist: NAMES });
  await expectWatched(watcher, { offline: NAMES });
  for (const name of NAMES) {
    const user = await connectUser(c, { id: name });
    await expectWatched(watcher, { online: [name] });
    await user.close();
    await expectWatched(watcher, { offline: [name] });
  }
}

async function expectAsMembersOfMessages(c: RowContext): Promise<void> {
  const [sender, receiver] = [await c.connect(), await c.connect()];
  const [channel, refused] = [c.channel('private-'), c.channel('private-')];
  for (const socket of [sender, receiver]) await socket.subscribe(channel);
  const auth = JSON.stringify({ auth: sender.authFor(refused) });
  sender.sendText(`{"event":"pusher:subscribe","data":{"channel":"${refused}","__proto__":${auth}}}`);
  await sender.expectRefused(refused, /./);
  sender.sendText(`{"__proto__":{"event":"pusher:subscribe"},"data":{"channel":"${channel}"}}`);
  await sender.expectError(null, /./);
  for (const name of NAMES) {
    const data = `{"${name}":{"polluted":true}}`;
    sender.sendClientEvent(channel, data, `client-${name}`);
    await receiver.expectFrame({ event: `client-${name}`, channel, data });
  }
  assert.ok(!('polluted' in {}), 'the suite itself is not hurt');
}

async function expectInRequests(c: RowContext): Promise<void> {
  for (const name of NAMES) {
    expectStatus(await c.http().get('/channels', { [name.toLowerCase()]: '1' }), 200);
    expectRefusal(await c.http().get('/channels', { info: name }), 400, /./);
    assert.deepEqual(await c.http().channels(`${name}-nobody`), []);
    const app = { id: name, key: name, secret: name };
    expectStatus(await c.http({ app }).get('/channels'), 401);
    await c.open({ app }).expectClose(4001);
    const event = `{"channel":"${c.channel()}","name":"e","data":"d","${name}":{"socket_id":"1.1"}}`;
    expectStatus(await c.http().post('/events', event), 200);
  }
}

export const XC_HOSTILE: readonly Row[] = [
  {
    id: 'XC-11',
    statement:
      'Names such as __proto__ and constructor are names like any other: of channels, users, events, apps and parameters.',
    timeoutMs: 60_000,
    heavy: true,
    async run(c) {
      await expectAsChannels(c);
      await expectAsUsers(c);
      if (c.target.provides.watchlist !== undefined) await expectAsWatched(c);
      await expectAsMembersOfMessages(c);
      await expectInRequests(c);
    },
  },
];
