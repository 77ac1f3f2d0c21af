/** 2026-01-01. Numbers go over the wire twice with each delta, so they count from as late as possible. */
const EPOCH_MS = Date.UTC(2026, 0, 1);
/**
 * Numbers per millisecond, and so the publications that keep up with the clock: 16,000 in a second of one track or, where tracks are
 * let go all the time and each begins above the last number of the one before, of all of them.
 */
const PER_MS = 16;

/**
 * Numbers for the frames that clients keep as bases. A client that comes back may still hold frames of its last connection, and
 * takes the oldest one that has the number it is told, so no number may come twice to one client on one channel and key:
 *
 * - While a track lives, its numbers grow.
 * - When a track is let go, {@link retire} keeps its last number as a floor for all others of this process.
 * - In another process, or after a restart, the clock keeps them apart: a number is never below the time at which it is given,
 *   and not above it either, unless the track outruns {@link PER_MS}. What a client kept was given before its connection
 *   ended; what it gets on the next one is given after that began.
 *
 * So clocks of nodes may differ by no more than the time that a client takes to come back.
 */
export class Sequences {
  readonly #now: () => number;
  #floor = 0;

  /** `now`: milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** `last`: the number before it on the track; 0 on a new one. */
  next(last: number): number {
    const byClock = Math.floor((this.#now() - EPOCH_MS) * PER_MS);
    return Math.max(last, this.#floor, byClock - 1) + 1;
  }

  retire(last: number): void {
    this.#floor = Math.max(this.#floor, last);
  }
}
