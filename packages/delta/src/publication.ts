import type { Algorithm } from './codec.ts';
import type { Demand } from './demand.ts';
import type { Track } from './track.ts';

/** `full`: a base, without a delta to it. `plain`: what `"delta": false` of a publish call asks for; bases stay as they are. */
export type PublicationMode = 'auto' | 'full' | 'plain';

/** A patch that another worker made. */
export interface SharedPatch {
  readonly algorithm: Algorithm;
  /** {@link Publication.id} of its base. */
  readonly baseId: string;
  readonly bytes: Uint8Array;
}

export interface Publication {
  /** The exact frame that plain subscribers get. */
  readonly text: string;
  /** The conflation key; empty for none. */
  readonly key: string;
  readonly mode: PublicationMode;
  /** The same in all workers for the same text, so that they can share patches; `undefined`: they do not. */
  readonly id: string | undefined;
  readonly patches: readonly SharedPatch[];
  /** Counts what each subscriber that takes deltas holds of a track. Called once, when the publication's turn has come. */
  readonly count: (demand: Demand, track: Track) => void;
}

const MAX_KEY_LENGTH = 256;

/**
 * The key as clients are told it. They find it by `"` and do not unescape it, so one with anything that JSON escapes, like one that
 * is too long to keep, is none: its frames share the track of those without a key.
 */
export function wireKey(key: string): string {
  return key.length <= MAX_KEY_LENGTH && JSON.stringify(key).length === key.length + 2 ? key : '';
}
