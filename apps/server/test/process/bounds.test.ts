import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { ApiClient, APP, RawClient, SluiceProcess, until } from '@sluice/testkit';
import { dataOf } from './support.ts';

const SUBSCRIBERS = 90;

async function start(t: TestContext, config: object): Promise<SluiceProcess> {
  const apps = [{ ...APP, enable_subscription_count_events: true }];
  const server = await SluiceProcess.start({ config: { app_manager: { array: { apps } }, ...config } });
  t.after(() => server[Symbol.asyncDispose]());
  return server;
}

/** A signal is sent and not yet obeyed while the process waits for its turn on a core (proc(5), `State`). */
function isStopped(pid: number): boolean {
  return /^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

/** How often one who stays is told of the number of subscribers while all others go in one moment. */
async function countsOfMassDeparture(t: TestContext, cleanup: object): Promise<number> {
  const server = await start(t, { cleanup });
  await using stays = await RawClient.connect(server.wsUrl);
  await stays.subscribe('news');
  const others = await Promise.all(Array.from({ length: SUBSCRIBERS }, () => RawClient.connect(server.wsUrl)));
  for (const other of others) await other.subscribe('news');
  const counts = (): unknown[] => dataOf(stays, 'pusher_internal:subscription_count');
  await until('all counts', () => counts().length === SUBSCRIBERS + 1);
  const [worker = 0] = server.workerPids();
  // So that it finds all of them gone at once.
  process.kill(worker, 'SIGSTOP');
  await until('the worker to stand still', () => isStopped(worker));
  for (const { ws } of others) ws.terminate();
  await Promise.all(others.map((other) => other.nextClose()));
  process.kill(worker, 'SIGCONT');
  await until('the last to be gone', () => {
    const last = counts().at(-1) as { readonly subscription_count: number };
    return last.subscription_count === 1;
  });
  return counts().length - SUBSCRIBERS - 1;
}

describe('Connections that go together', () => {
  it('are taken out by cleanup.batch_size at a time, each batch told as one', async (t) => {
    const told = await countsOfMassDeparture(t, { batch_size: 10 });
    // Two batches may come to the primary together.
    assert.ok(told <= SUBSCRIBERS / 10 && told > SUBSCRIBERS / 10 / 2, `told ${told} times`);
  });

  it('are taken out at once without cleanup.async_enabled', async (t) => {
    const told = await countsOfMassDeparture(t, { async_enabled: false, batch_size: 10 });
    // One, or a few where not all had gone in one turn.
    assert.ok(told < SUBSCRIBERS / 10 / 2, `told ${told} times`);
  });
});

describe('What cache channels keep', () => {
  const KEPT = 3;

  for (const [bound, memory] of [
    ['max_capacity', { max_capacity: KEPT }],
    // An event of 1000 bytes and what is around it.
    ['max_bytes', { max_bytes: KEPT * 1100 }],
  ] as const) {
    it(`is bounded by cache.memory.${bound}: the oldest goes`, async (t) => {
      const server = await start(t, { cache: { memory } });
      using api = new ApiClient(server.port);
      const channels = Array.from({ length: KEPT + 1 }, (_, i) => `cache-${i}`);
      for (const channel of channels) await api.trigger(channel, 'e', 'x'.repeat(1000));
      await using client = await RawClient.connect(server.wsUrl);
      for (const channel of channels) client.send({ event: 'pusher:subscribe', data: { channel } });
      const channelsOf = (event: string): unknown[] =>
        client.frames.filter((frame) => frame.event === event).map((frame) => frame.channel);
      await until('all answers', () => channelsOf('e').length + channelsOf('pusher:cache_miss').length === KEPT + 1);
      assert.deepEqual(channelsOf('pusher:cache_miss'), ['cache-0']);
    });
  }
});
