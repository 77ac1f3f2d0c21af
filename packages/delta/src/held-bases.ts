import type { Track } from './track.ts';

/** Which frame of each track of a channel one socket holds: the number of the last that it was really sent. */
export class HeldBases {
  readonly #bySlot: number[] = [];

  /** 0: none. */
  of(track: Track): number {
    return this.#bySlot[track.slot] ?? 0;
  }

  hold(track: Track, sequence: number): void {
    while (this.#bySlot.length <= track.slot) this.#bySlot.push(0);
    this.#bySlot[track.slot] = sequence;
  }

  /** After a resync, and when the subscription ends. */
  clear(): void {
    this.#bySlot.length = 0;
  }
}
