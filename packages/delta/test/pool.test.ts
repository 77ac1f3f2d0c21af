import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { until } from '@sluice/testkit';
import { applyDelta } from 'fossil-delta';
import { type DeltaCounters, emptyDeltaCounters } from '../src/counters.ts';
import type { PatchJob } from '../src/patches.ts';
import { PatchPool, type PoolOptions } from '../src/pool.ts';
import { NaiveClient } from './naive-client.ts';
import { SimulatedWorker } from './simulated-worker.ts';

const ODD_THREAD = new URL('odd-thread.ts', import.meta.url);

function poolFor(t: TestContext, options: Partial<PoolOptions> = {}): { pool: PatchPool; counters: DeltaCounters } {
  const counters = emptyDeltaCounters();
  const pool = new PatchPool({ threads: 1, maxQueue: 4, deadlineMs: 5000, counters, ...options });
  t.after(() => pool.close());
  return { pool, counters };
}

const job = (target: string): PatchJob => ({
  algorithm: 'fossil',
  base: Buffer.from('the base'),
  target: Buffer.from(target),
  maxBytes: 1000,
});

describe('the pool', () => {
  it('computes what the codecs compute', async (t) => {
    const { pool, counters } = poolFor(t);
    const [first, second] = (await pool.run([job('the base, changed'), { ...job('none'), maxBytes: 1 }])) ?? [];
    assert.ok(first);
    assert.equal(Buffer.from(applyDelta(Buffer.from('the base'), first)).toString(), 'the base, changed');
    assert.equal(second, undefined);
    assert.deepEqual([counters.pooled, counters.poolLosses], [1, { refused: 0, late: 0, failed: 0 }]);
  });

  for (const what of ['die', 'throw']) {
    it(`has no answer where a thread is told to ${what}, and goes on`, async (t) => {
      const { pool, counters } = poolFor(t, { thread: ODD_THREAD });
      assert.equal(await pool.run([job(what)]), undefined);
      assert.equal((await pool.run([job('well')]))?.length, 1);
      assert.deepEqual(counters.poolLosses, { refused: 0, late: 0, failed: 1 });
    });
  }

  it('has no answer where one takes too long', async (t) => {
    const { pool, counters } = poolFor(t, { thread: ODD_THREAD, deadlineMs: 20 });
    assert.equal(await pool.run([job('sleep')]), undefined);
    assert.deepEqual(counters.poolLosses, { refused: 0, late: 1, failed: 0 });
  });

  it('refuses what would wait behind too much', async (t) => {
    const { pool, counters } = poolFor(t, { thread: ODD_THREAD, maxQueue: 2 });
    await pool.run([job('well')]);
    const answers = await Promise.all(Array.from({ length: 6 }, () => pool.run([job('sleep')])));
    assert.deepEqual(
      answers.map((answer) => answer !== undefined),
      [true, true, true, false, false, false],
    );
    assert.equal(counters.poolLosses.refused, 3);
  });
});

describe('a channel whose patches come from a thread', () => {
  const text = (data: string): string => `{"event":"tick","channel":"market","data":"${data}${'.'.repeat(200)}"}`;

  for (const [what, loss, deadlineMs] of [
    ['die', 'failed', 5000],
    ['sleep', 'late', 20],
  ] as const) {
    it(`sends a full frame for one that is ${loss}, in its place`, async (t) => {
      const { pool, counters } = poolFor(t, { thread: ODD_THREAD, deadlineMs });
      const worker = new SimulatedWorker({ pool, counters });
      const { client } = worker.subscribe(new NaiveClient('fossil'), 'fossil');
      const texts = ['first', what, 'after'].map(text);
      for (const each of texts) worker.publish({ text: each, key: '', mode: 'plain', misses: () => true });
      worker.publish({ text: texts[0] ?? '', key: '', mode: 'auto', misses: () => false });
      worker.publish({ text: texts[1] ?? '', key: '', mode: 'auto', misses: () => false });
      worker.publish({ text: texts[2] ?? '', key: '', mode: 'full', misses: () => false });
      assert.deepEqual(client.texts, texts.slice(0, 1));
      await until('an empty lane', () => !worker.lane.occupied);
      assert.deepEqual(client.texts, texts);
      assert.equal(counters.poolLosses[loss], 1);
      assert.equal(counters.fulls.pool, 1);
    });
  }

  it('sends full frames when more waits than may, and computes none of them', async (t) => {
    const { pool, counters } = poolFor(t);
    const worker = new SimulatedWorker({ pool, counters, maxWaiting: 3 });
    const { client } = worker.subscribe(new NaiveClient('fossil'), 'fossil');
    const texts = Array.from({ length: 6 }, (_, n) => text(`${n}`));
    for (const each of texts) worker.publish({ text: each, key: '', mode: 'auto', misses: () => false });
    // The first had no base, the second went to a thread, three waited, and with the sixth all were let go.
    assert.deepEqual(client.texts, texts);
    assert.deepEqual([counters.pooled, counters.fulls.pool, worker.lane.occupied], [1, 4, false]);
    // The answer comes, and serves nobody any more.
    await until('the answer', () => counters.fulls.pool === 5);
    assert.equal(counters.deltas, 0);
  });
});
