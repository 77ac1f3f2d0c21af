import { ALGORITHMS, type DeltaCounters, FULL_REASONS, PLAIN_REASONS, POOL_LOSSES } from '@sluice/core';
import type { Counter } from 'prom-client';
import { setCounter } from './set-counter.ts';

interface DeltaMetricSet {
  readonly publications: Counter;
  readonly patches: Counter;
  readonly pool: Counter;
}

/** What deltas cost and save a worker. */
export class DeltaMetrics {
  readonly #set: DeltaMetricSet;

  constructor(set: DeltaMetricSet) {
    this.#set = set;
  }

  feed(port: number, counters: DeltaCounters): void {
    const { publications, patches, pool } = this.#set;
    setCounter(publications, { port, form: 'delta', reason: '' }, counters.deltas);
    for (const reason of FULL_REASONS) setCounter(publications, { port, form: 'full', reason }, counters.fulls[reason]);
    for (const reason of PLAIN_REASONS)
      setCounter(publications, { port, form: 'plain', reason }, counters.plains[reason]);
    for (const algorithm of ALGORITHMS) {
      setCounter(patches, { port, algorithm, origin: 'computed' }, counters.computed[algorithm]);
      setCounter(patches, { port, algorithm, origin: 'reused' }, counters.reused[algorithm]);
    }
    let lost = 0;
    for (const outcome of POOL_LOSSES) {
      lost += counters.poolLosses[outcome];
      setCounter(pool, { port, outcome }, counters.poolLosses[outcome]);
    }
    // Those under way count as answered.
    setCounter(pool, { port, outcome: 'answered' }, counters.pooled - lost);
  }
}
