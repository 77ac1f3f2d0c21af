import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient, type RawClient, type SluiceProcess, until, WebhookReceiver } from '@sluice/testkit';
import { connect, killNode, NODE_TIMEOUT_MS, overRedis, startNodes } from './nodes.ts';

const ROOM = 'presence-room';

/** Events of a name so far, with their data. */
function eventsOf(client: RawClient, name: string): unknown[] {
  return client.frames
    .filter(({ event }) => event === name)
    .map(({ data }) => (typeof data === 'string' ? (JSON.parse(data) as unknown) : data));
}

async function read(node: SluiceProcess, path: string, query: Readonly<Record<string, string>> = {}): Promise<unknown> {
  using api = new ApiClient(node.port);
  return (await api.get(path, query)).json();
}

function membersIn(frame: { readonly data?: unknown }): string[] {
  const { presence } = JSON.parse(String(frame.data)) as { readonly presence: { readonly ids: string[] } };
  return presence.ids.toSorted();
}

describe('What all nodes know', { timeout: 120_000 }, () => {
  it('who is on a presence channel: one list, and each coming and going once', async (t) => {
    const [a, b] = (await startNodes(t, await overRedis(t))) as [SluiceProcess, SluiceProcess];
    const [anna, ben] = await Promise.all([connect(t, a), connect(t, b)]);
    assert.deepEqual(membersIn(await anna.subscribePresence(ROOM, { user_id: 'anna' })), ['anna']);
    await until('the other node to know', async () => {
      const { users } = (await read(b, `/channels/${ROOM}/users`)) as { readonly users: unknown[] };
      return users.length === 1;
    });
    assert.deepEqual(membersIn(await ben.subscribePresence(ROOM, { user_id: 'ben' })), ['anna', 'ben']);
    await until('anna to hear', () => eventsOf(anna, 'pusher_internal:member_added').length === 1);
    // A second connection of a user, on the other node: nobody hears of it, nor of its end.
    const second = await connect(t, b);
    await second.subscribePresence(ROOM, { user_id: 'anna' });
    await anna.close();
    await sleep(300);
    assert.deepEqual(eventsOf(ben, 'pusher_internal:member_removed'), []);
    await second.close();
    await until('ben to hear', () => eventsOf(ben, 'pusher_internal:member_removed').length === 1);
    assert.deepEqual(eventsOf(ben, 'pusher_internal:member_added'), []);
    for (const node of [a, b]) {
      assert.deepEqual(await read(node, `/channels/${ROOM}/users`), { users: [{ id: 'ben' }] });
    }
  });

  it('how many are subscribed, within 100 ms, and how many connections an app has', async (t) => {
    const nodes = await startNodes(t, await overRedis(t), { app: { max_connections: 5 } });
    const [a, b] = nodes as [SluiceProcess, SluiceProcess];
    for (const node of [a, a, b]) await connect(t, node, ['news']);
    await sleep(100);
    for (const node of nodes) {
      assert.deepEqual(await read(node, '/channels/news', { info: 'subscription_count' }), {
        occupied: true,
        subscription_count: 3,
      });
    }
    for (const node of [a, b]) await connect(t, node);
    await sleep(100);
    for (const node of nodes) await assert.rejects(connect(t, node), /4004/);
  });

  it('what a cache channel keeps, and who is signed in, watched and terminated', async (t) => {
    const nodes = await startNodes(t, await overRedis(t), { app: { enable_watchlist_events: true } });
    const [a, b] = nodes as [SluiceProcess, SluiceProcess];
    using api = new ApiClient(a.port);
    await api.trigger('cache-news', 'e', 'kept');
    await sleep(100);
    const late = await connect(t, b, ['cache-news']);
    assert.deepEqual((await late.next()).data, 'kept');
    const watcher = await connect(t, b);
    watcher.signIn({ id: 'ben', watchlist: ['anna'] });
    await until('it', () => eventsOf(watcher, 'pusher_internal:watchlist_events').length === 1);
    const anna = await connect(t, a);
    anna.signIn({ id: 'anna' });
    await until('it', () => eventsOf(watcher, 'pusher_internal:watchlist_events').length === 2);
    using other = new ApiClient(b.port);
    assert.equal(
      (await other.send({ method: 'POST', path: '/users/anna/terminate_connections', body: {} })).status,
      200,
    );
    assert.equal((await anna.nextClose()).code, 4009);
    await until('it', () => eventsOf(watcher, 'pusher_internal:watchlist_events').length === 3);
    assert.deepEqual(eventsOf(watcher, 'pusher_internal:watchlist_events'), [
      { events: [{ name: 'offline', user_ids: ['anna'] }] },
      { events: [{ name: 'online', user_ids: ['anna'] }] },
      { events: [{ name: 'offline', user_ids: ['anna'] }] },
    ]);
  });

  it('that a node has died: its members go once, on every node, and webhooks tell it once', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const webhooks = [{ url: receiver.url, event_types: ['member_added', 'member_removed', 'channel_vacated'] }];
    const nodes = await startNodes(t, await overRedis(t), { count: 3, app: { webhooks } });
    const [a, b, c] = nodes as [SluiceProcess, SluiceProcess, SluiceProcess];
    const [stays, alsoStays] = await Promise.all([connect(t, a), connect(t, b)]);
    await stays.subscribePresence(ROOM, { user_id: 'stays' });
    await alsoStays.subscribePresence(ROOM, { user_id: 'also' });
    for (const [i, channel] of [ROOM, ROOM, 'presence-other'].entries()) {
      await (await connect(t, c)).subscribePresence(channel, { user_id: `dies-${i}` });
    }
    await until('all to be known', () => eventsOf(stays, 'pusher_internal:member_added').length === 3);
    const told = (): string[] =>
      receiver.events.map(({ name, user_id }) => `${name} ${typeof user_id === 'string' ? user_id : ''}`).toSorted();
    // What waits in the memory of a node dies with it.
    await until('the webhooks of the coming', () => told().length >= 5, 20_000);
    const killedAt = performance.now();
    await killNode(c);
    const removed = (client: RawClient): string[] =>
      eventsOf(client, 'pusher_internal:member_removed').map((data) => (data as { readonly user_id: string }).user_id);
    await until('them to go', () => [stays, alsoStays].every((client) => removed(client).length === 2), 10_000);
    assert.ok(performance.now() - killedAt < 2 * NODE_TIMEOUT_MS);
    for (const client of [stays, alsoStays]) assert.deepEqual(removed(client).toSorted(), ['dies-0', 'dies-1']);
    for (const node of [a, b]) {
      assert.deepEqual(await read(node, '/channels'), { channels: { [ROOM]: {} } });
    }
    const expected = [
      ...['also', 'dies-0', 'dies-1', 'dies-2', 'stays'].map((user) => `member_added ${user}`),
      ...['dies-0', 'dies-1', 'dies-2'].map((user) => `member_removed ${user}`),
      'channel_vacated ',
    ].toSorted();
    await until('the webhooks', () => told().length >= expected.length, 20_000).catch(() => {});
    await sleep(500);
    assert.deepEqual(told(), expected);
  });

  it('that a node was only paused: nothing of it is left twice, and nobody sees a ghost', async (t) => {
    const [a, b] = (await startNodes(t, await overRedis(t))) as [SluiceProcess, SluiceProcess];
    const [anna, ben] = await Promise.all([connect(t, a), connect(t, b)]);
    await anna.subscribePresence(ROOM, { user_id: 'anna' });
    await ben.subscribePresence(ROOM, { user_id: 'ben' });
    await until('anna to hear', () => eventsOf(anna, 'pusher_internal:member_added').length === 1);
    process.kill(b.pid, 'SIGSTOP');
    await until('ben to be gone', () => eventsOf(anna, 'pusher_internal:member_removed').length === 1, 10_000);
    const late = await connect(t, a);
    await late.subscribePresence(ROOM, { user_id: 'late' });
    process.kill(b.pid, 'SIGCONT');
    await until('ben to be back', () => eventsOf(anna, 'pusher_internal:member_added').length === 3, 10_000);
    await until('ben to hear', () => eventsOf(ben, 'pusher_internal:member_added').length > 0, 10_000);
    await sleep(500);
    for (const node of [a, b]) {
      const { users } = (await read(node, `/channels/${ROOM}/users`)) as { readonly users: { readonly id: string }[] };
      assert.deepEqual(users.map(({ id }) => id).toSorted(), ['anna', 'ben', 'late']);
    }
    const added = eventsOf(ben, 'pusher_internal:member_added').map((data) => (data as { user_id: string }).user_id);
    const gone = eventsOf(ben, 'pusher_internal:member_removed').map((data) => (data as { user_id: string }).user_id);
    assert.deepEqual([added, gone], [['late'], []], 'anna was there all the time');
  });
});
