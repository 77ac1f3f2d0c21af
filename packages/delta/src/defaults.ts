/**
 * What is not a setting, and was measured or chosen once (bench/, ADR 0014).
 *
 * A task of the pool keeps the event loop busy for 17 to 28 µs. A patch with few edits costs as much from about 32 KB on, and one with
 * many costs several times that.
 */
export const DELTA_DEFAULTS = {
  poolFromBytes: { fossil: 32 * 1024, xdelta3: 32 * 1024 },
  /** Sockudo's documented `min_compression_ratio`. */
  maxRatio: 0.9,
  /** A patch of a common frame costs about as much as a kernel write, and saves most of one frame's bytes for each of them. */
  minCohort: 4,
  maxTrackBytes: 128 * 1024 * 1024,
  pool: { threads: 1, maxQueue: 64, deadlineMs: 100 },
  maxWaiting: 64,
} as const;
