import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type Client, Cluster } from './cluster.ts';
import { testApp } from './test-app.ts';

const app = testApp();

function subscribed(cluster: Cluster, count: number, channel = 'news'): Client[] {
  return Array.from({ length: count }, () => {
    const client = cluster.worker(0).connect(app);
    client.subscribe(channel);
    client.texts();
    return client;
  });
}

describe('connections that go together', () => {
  it('are taken out of their channels a slice at a time', async () => {
    const cluster = new Cluster(1, { departuresPerSlice: 10 });
    const worker = cluster.worker(0);
    const clients = subscribed(cluster, 35);
    const subscribers = (): number | undefined => worker.hub.space(app).channels.get('news')?.audience.size;
    for (const client of clients) client.close();
    assert.equal(worker.hub.space(app).counters.connected, 0);
    const sizes = [subscribers()];
    while (subscribers() !== undefined) {
      await turn();
      sizes.push(subscribers());
    }
    assert.deepEqual(sizes, [25, 15, 5, undefined]);
    cluster.assertEmpty(app);
  });

  it('are told to the primary once per channel and slice', async () => {
    const cluster = new Cluster(1, { departuresPerSlice: 10 });
    const { registry } = cluster.worker(0);
    const clients = subscribed(cluster, 40);
    for (const client of clients) client.subscribe('other');
    registry.calls.length = 0;
    for (const client of clients) client.close();
    for (let i = 0; i < 5; i++) await turn();
    // The first ten at once, each by itself; then three slices.
    assert.equal(registry.calls.filter((name) => name === 'count').length, (10 + 3) * 2);
    cluster.assertEmpty(app);
  });

  it('leave at once where they are few, again in each turn', async () => {
    const cluster = new Cluster(1, { departuresPerSlice: 2 });
    const clients = subscribed(cluster, 6);
    const { channels } = cluster.worker(0).hub.space(app);
    for (let left = 4; left >= 0; left -= 2) {
      for (const client of clients.splice(0, 2)) client.close();
      assert.equal(channels.get('news')?.audience.size, left === 0 ? undefined : left);
      await turn();
    }
  });

  it('give back their places at once, so that nobody is refused for the connection that was lost', async () => {
    const limited = testApp({ limits: { maxConnections: 5 } });
    const cluster = new Cluster(1, { departuresPerSlice: 1 });
    const worker = cluster.worker(0);
    const clients: Client[] = [];
    for (let i = 0; i < 5; i++) {
      assert.equal(await worker.hub.admit(limited), 'admitted');
      clients.push(worker.connect(limited));
    }
    assert.equal(await worker.hub.admit(limited), 'over_quota');
    for (const client of clients) client.close();
    assert.equal(cluster.primary.slots.get(`app:${limited.id}`) ?? 0, 0);
  });

  it('were never gone for the others of a presence channel if they are back before their turn', async () => {
    const cluster = new Cluster(1, { departuresPerSlice: 1 });
    const worker = cluster.worker(0);
    const watcher = worker.connect(app);
    watcher.enter('presence-room', 'watcher');
    const lost = Array.from({ length: 3 }, (_, i) => {
      const client = worker.connect(app);
      client.enter('presence-room', `u${i}`);
      return client;
    });
    watcher.texts();
    for (const client of lost) client.close();
    const back = worker.connect(app);
    back.enter('presence-room', 'u2');
    for (let i = 0; i < 5; i++) await turn();
    assert.deepEqual(
      watcher.received().map(({ event, data }) => `${event} ${String(data)}`),
      ['u0', 'u1'].map((id) => `pusher_internal:member_removed {"user_id":"${id}"}`),
    );
  });
});
