import type { Algorithm } from './codec.ts';

/** Why nobody got a delta, and the frame became a base all the same. */
export const FULL_REASONS = ['first', 'asked', 'interval', 'age', 'nobody', 'gain', 'pool'] as const;
export type FullReason = (typeof FULL_REASONS)[number];

/** Why a frame went out as on a channel without deltas. */
export const PLAIN_REASONS = ['opted_out', 'small', 'large', 'marks', 'memory'] as const;
export type PlainReason = (typeof PLAIN_REASONS)[number];

/** What became of a task for the pool, other than an answer in time. */
export const POOL_LOSSES = ['refused', 'late', 'failed'] as const;
export type PoolLoss = (typeof POOL_LOSSES)[number];

/** Plain numbers that only grow. */
export interface DeltaCounters {
  /** Patches that were computed, whatever became of them. */
  readonly computed: Record<Algorithm, number>;
  /** Patches that another worker had computed and that served here. */
  readonly reused: Record<Algorithm, number>;
  /** Publications for which there was at least one delta. */
  deltas: number;
  readonly fulls: Record<FullReason, number>;
  readonly plains: Record<PlainReason, number>;
  pooled: number;
  readonly poolLosses: Record<PoolLoss, number>;
}

export function emptyDeltaCounters(): DeltaCounters {
  return {
    computed: { fossil: 0, xdelta3: 0 },
    reused: { fossil: 0, xdelta3: 0 },
    deltas: 0,
    fulls: { first: 0, asked: 0, interval: 0, age: 0, nobody: 0, gain: 0, pool: 0 },
    plains: { opted_out: 0, small: 0, large: 0, marks: 0, memory: 0 },
    pooled: 0,
    poolLosses: { refused: 0, late: 0, failed: 0 },
  };
}
