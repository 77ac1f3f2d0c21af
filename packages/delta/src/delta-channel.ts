import type { CacheSync } from './cache-sync.ts';
import type { TrackStore } from './track-store.ts';

/** What of a channel's settings decides about deltas. */
export interface DeltaRules {
  /** Deltas in a row, after which all get the frame in full. */
  readonly fullMessageInterval: number;
  /** Shorter frames go out plain. */
  readonly minMessageBytes: number;
  readonly maxStateAgeMs: number;
  readonly maxMessagesPerKey: number;
  readonly maxKeys: number;
  /** Path of the conflation key; `undefined`: there are only keys that are given with a publish call. */
  readonly conflationKey: string | undefined;
}

/** A channel with at least one subscriber that takes deltas. */
export interface DeltaChannel<Frame> {
  readonly name: string;
  readonly rules: DeltaRules;
  readonly tracks: TrackStore;
  /** `undefined` where clients could not use it: they look for bases by key only on channels with keys. */
  readonly cacheSync: CacheSync<Frame> | undefined;
}
