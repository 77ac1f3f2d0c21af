import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RateTable } from '../src/registry/rate-table.ts';

class Fixture {
  nowMs = 0;
  readonly table = new RateTable(() => this.nowMs);

  take(points: number, { name = 'a', max = 10, windowMs = 1000 } = {}) {
    return this.table.take({ name, points, max, windowMs });
  }
}

describe('the rates of a node', () => {
  it('are counted in windows that begin with their first points', () => {
    const f = new Fixture();
    f.nowMs = 500;
    assert.deepEqual(f.take(6), { taken: true, remaining: 4, resetMs: 1000 });
    f.nowMs = 700;
    assert.deepEqual(f.take(5), { taken: false, remaining: 4, resetMs: 800 }, 'what does not fit takes nothing');
    assert.deepEqual(f.take(4), { taken: true, remaining: 0, resetMs: 800 });
    f.nowMs = 1499;
    assert.equal(f.take(1).taken, false);
    f.nowMs = 1500;
    assert.deepEqual(f.take(10), { taken: true, remaining: 0, resetMs: 1000 });
  });

  it('are kept apart by name, each with the length of its own window', () => {
    const f = new Fixture();
    assert.equal(f.take(1, { max: 1 }).taken, true);
    assert.equal(f.take(1, { name: 'b', max: 1, windowMs: 60_000 }).taken, true);
    f.nowMs = 2000;
    assert.equal(f.take(1, { max: 1 }).taken, true);
    assert.deepEqual(f.take(1, { name: 'b', max: 1, windowMs: 60_000 }), {
      taken: false,
      remaining: 0,
      resetMs: 58_000,
    });
  });

  it('take hostile names for ordinary ones', () => {
    const f = new Fixture();
    for (const name of ['__proto__', 'constructor']) {
      assert.equal(f.take(1, { name, max: 1 }).taken, true);
      assert.equal(f.take(1, { name, max: 1 }).taken, false);
    }
  });

  it('are bounded: those that are over go first, then the oldest', () => {
    const f = new Fixture();
    const windowMs = 60_000;
    f.take(1, { name: 'over' });
    f.nowMs = 1000;
    for (let i = 0; i < 99_999; i++) f.take(1, { name: `n${i}`, windowMs, max: 1 });
    assert.equal(f.table.size, 100_000);
    f.take(1, { name: 'one more', windowMs, max: 1 });
    assert.ok(f.table.size <= 100_000 && f.table.size >= 99_000, String(f.table.size));
    assert.equal(f.take(1, { name: 'n99998', windowMs, max: 1 }).taken, false, 'the young are remembered');
    assert.equal(f.take(1, { name: 'n0', windowMs, max: 1 }).taken, true, 'the oldest are not');
    const startedAt = performance.now();
    for (let i = 0; i < 30_000; i++) f.take(1, { name: `m${i}`, windowMs, max: 1 });
    assert.ok(performance.now() - startedAt < 1500, 'cheap at the bound');
    assert.ok(f.table.size <= 100_000);
  });
});
