import type { Hearing } from './dealing.ts';
import type { Tally } from './tally.ts';

/** What one subscriber makes of the texts that come after its subscription. */
export interface Listener {
  /** Before the first message of a phase; publishers number theirs from 0. */
  begin(publishers: number): void;
  /** `bytes` is only lent for the time of the call. */
  message(bytes: Buffer, start: number, end: number): void;
  /** How many messages short of (positive) or beyond (negative) `heard` it is, by publisher or in all. */
  missing(heard: readonly number[]): number[];
}

export interface ListenerOptions {
  readonly tally: Tally;
  readonly hearing: Hearing;
}
