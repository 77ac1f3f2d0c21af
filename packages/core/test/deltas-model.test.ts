import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { ALGORITHMS, type Algorithm, emptyDeltaCounters, PatchPool } from '@sluice/delta';
import { until } from '@sluice/testkit';
import { PairScene } from './pair-scene.ts';

// Random publications and client events of several workers; clients that come and go, fall behind, lose frames, change their minds.
// Each has a plain subscriber beside it on the same worker, with the same filter. Both have to get the same texts in the same order.

const RUNS = 40;
const STEPS = 150;

const KINDS = {
  'without keys': {},
  'with keys in the data': { conflationKey: 'asset' },
  'with keys in the publish calls': { explicitKeys: true },
  'that conflates': { conflationKey: 'asset', conflationIntervalMs: 50 },
} as const;

function play(t: TestContext, scene: PairScene): void {
  for (let n = 0; n < STEPS; n++) {
    scene.step((ms) => t.mock.timers.tick(ms));
    scene.pump();
  }
}

function checked(seed: number, check: () => void): void {
  try {
    check();
  } catch (error) {
    throw new Error(`seed ${seed}`, { cause: error });
  }
}

for (const [name, kind] of Object.entries(KINDS)) {
  describe(`subscribers of a channel ${name}`, () => {
    it('make of deltas what plain ones beside them get', (t) => {
      t.mock.timers.enable({ apis: ['setTimeout'] });
      const made: Record<Algorithm, number> = { fossil: 0, xdelta3: 0 };
      let inBytes = 0;
      for (let seed = 0; seed < RUNS; seed++) {
        checked(seed, () => {
          const scene = new PairScene(seed, kind);
          play(t, scene);
          scene.end((ms) => t.mock.timers.tick(ms));
          for (const algorithm of ALGORITHMS) made[algorithm] += scene.received[algorithm];
          inBytes += scene.receivedBinary;
        });
      }
      for (const algorithm of ALGORITHMS) assert.ok(made[algorithm] > RUNS, `only ${made[algorithm]} by ${algorithm}`);
      assert.ok(inBytes > RUNS, `only ${inBytes} in bytes`);
    });
  });
}

describe('subscribers of a channel whose patches are made in threads', () => {
  it('make of deltas what plain ones beside them get', async (t) => {
    const counters = emptyDeltaCounters();
    const patchPool = new PatchPool({ threads: 1, maxQueue: 8, deadlineMs: 5000, counters });
    t.after(() => patchPool.close());
    for (let seed = 0; seed < 12; seed++) {
      const scene = new PairScene(seed, { patchPool, padding: 40_000 });
      for (let n = 0; n < 60; n++) {
        scene.step(() => undefined);
        scene.pump();
        if (scene.random.below(3) === 0) await setImmediate();
      }
      await until('every client has all', () => scene.caughtUp()).catch(() => undefined);
      checked(seed, () => scene.end(() => undefined));
    }
    assert.ok(counters.pooled > 50, `${counters.pooled} tasks`);
  });
});
