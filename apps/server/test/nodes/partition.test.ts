import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ApiClient,
  CuttingProxy,
  Random,
  type RawClient,
  RedisServer,
  type SluiceProcess,
  until,
} from '@sluice/testkit';
import { connect, dataOfAll, type Joined, NODE_TIMEOUT_MS, overRedis, Publisher, startNodes } from './nodes.ts';

const CHANNEL = 'news';
const ROOM = 'presence-room';

interface Parted {
  readonly a: SluiceProcess;
  readonly b: SluiceProcess;
  /** In front of the Redis of `b`. */
  readonly proxy: CuttingProxy;
}

async function start(t: TestContext): Promise<Parted> {
  const joined = await overRedis(t);
  const { port } = joined.server;
  const proxy = await CuttingProxy.listen(port);
  const behind: Joined = { ...joined, config: { ...joined.config, database: { redis: { port: proxy.port } } } };
  const [[a], [b]] = await Promise.all([startNodes(t, joined, { count: 1 }), startNodes(t, behind, { count: 1 })]);
  t.after(() => proxy[Symbol.asyncDispose]());
  assert.ok(a !== undefined && b !== undefined && joined.server instanceof RedisServer);
  return { a, b, proxy };
}

function usersOf(client: RawClient, event: string): string[] {
  const frames = client.frames.filter((frame) => frame.event === event);
  return frames.map(({ data }) => (JSON.parse(String(data)) as { readonly user_id: string }).user_id);
}

async function membersAt(node: SluiceProcess): Promise<string[]> {
  using api = new ApiClient(node.port);
  const { users } = (await api.get(`/channels/${ROOM}/users`)).json() as { readonly users: { readonly id: string }[] };
  return users.map(({ id }) => id).toSorted();
}

describe('Nodes whose connections break', { timeout: 120_000 }, () => {
  it('lose and double nothing when they are cut again and again in the middle of a message', async (t) => {
    const { a, b, proxy } = await start(t);
    const clients = await Promise.all([a, b].map((node) => connect(t, node, [CHANNEL])));
    const padding = 'p'.repeat(9000);
    const publishers = [a, b].map((node, i) => {
      return new Publisher(node, { event: `e${i}`, channel: CHANNEL, everyMs: 10, padding });
    });
    const random = new Random(7);
    const endsAt = performance.now() + 4000;
    while (performance.now() < endsAt) {
      await sleep(150 + random.below(300));
      proxy.cutAfter(random.below(20_000));
    }
    await sleep(500);
    await Promise.all(publishers.map((publisher) => publisher.stop()));
    assert.ok(proxy.cuts > 5, `${proxy.cuts} cuts`);
    for (const client of clients) {
      for (const [i, { sent, expected }] of publishers.entries()) {
        const numbers = (await dataOfAll(client, `e${i}`, sent)).map((data) => String(data).replace(padding, ''));
        assert.deepEqual(numbers, expected);
      }
    }
  });

  it('that were separated longer than it takes to be dead agree when they meet again', async (t) => {
    const { a, b, proxy } = await start(t);
    const [anna, ben] = await Promise.all([connect(t, a, [CHANNEL]), connect(t, b, [CHANNEL])]);
    await anna.subscribePresence(ROOM, { user_id: 'anna' });
    await ben.subscribePresence(ROOM, { user_id: 'ben' });
    await until('anna to hear', () => usersOf(anna, 'pusher_internal:member_added').length === 1);
    proxy.isClosed = true;
    proxy.cutAll();
    await until(
      'ben to be dead',
      () => usersOf(anna, 'pusher_internal:member_removed').length === 1,
      3 * NODE_TIMEOUT_MS,
    );
    const [carl, dora] = await Promise.all([connect(t, a), connect(t, b)]);
    await carl.subscribePresence(ROOM, { user_id: 'carl' });
    await dora.subscribePresence(ROOM, { user_id: 'dora' });
    using apiOfB = new ApiClient(b.port);
    for (let i = 0; i < 50; i++) await apiOfB.trigger(CHANNEL, 'parted', String(i));
    await until('the other half to hear', () => ben.frames.filter(({ event }) => event === 'parted').length === 50);
    proxy.isClosed = false;
    for (const node of [a, b]) {
      const all = async (): Promise<boolean> => (await membersAt(node)).length === 4;
      await until('all members', all, 10_000);
      assert.deepEqual(await membersAt(node), ['anna', 'ben', 'carl', 'dora']);
    }
    await until('anna to hear', () => usersOf(anna, 'pusher_internal:member_added').length === 4);
    assert.deepEqual(usersOf(anna, 'pusher_internal:member_added').toSorted(), ['ben', 'ben', 'carl', 'dora']);
    assert.deepEqual(usersOf(anna, 'pusher_internal:member_removed'), ['ben']);
    await until('ben to hear', () => usersOf(ben, 'pusher_internal:member_added').length === 2);
    assert.deepEqual(usersOf(ben, 'pusher_internal:member_added').toSorted(), ['carl', 'dora']);
    assert.deepEqual(usersOf(ben, 'pusher_internal:member_removed'), [], 'he judged nobody while he heard nobody');
    const numbers = Array.from({ length: 50 }, (_, i) => String(i));
    assert.deepEqual(await dataOfAll(anna, 'parted', 50), numbers);
  });
});
