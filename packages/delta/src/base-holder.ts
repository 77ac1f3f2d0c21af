import { CommonBases } from './common-bases.ts';
import type { Track } from './track.ts';

const NOTHING = new CommonBases();

/**
 * What one socket holds: what its cohort does, of tracks whose last frame came after the socket did, but for the tracks of which it
 * missed that frame. So nearly all sockets hold nothing of their own, and a publication changes nothing about them.
 */
export class BaseHolder {
  #common = NOTHING;
  /** The cohort's turn when it came, or began anew. */
  #since = 0;
  /** By slot, the numbers of what it holds in place of what its cohort does; 0 for nothing. Null: there are none. */
  #own: Map<number, number> | null = null;

  /** HOT: once per recipient. Whether it holds what its cohort does of a track whose last frame came in that turn. */
  isUsual(turn: number): boolean {
    return this.#own === null && this.#since < turn;
  }

  /** The number of the frame of a track that it was last really sent; 0: none. */
  holds({ slot }: Track): number {
    return this.#at(slot);
  }

  /** It was sent the frame that its cohort is to {@link CommonBases.hold} next. */
  got({ slot }: Track): void {
    this.#own?.delete(slot);
    if (this.#own?.size === 0) this.#own = null;
  }

  /** It was not: it was left out, or the frame was dropped. Before the cohort holds that frame. */
  missed({ slot }: Track): void {
    this.#keep(slot, this.#at(slot));
  }

  /** It was sent a frame out of turn. */
  hold({ slot }: Track, sequence: number): void {
    this.#keep(slot, sequence);
  }

  /** It lacks bases, and is to begin anew. */
  clear(): void {
    this.#since = this.#common.turn;
    this.#own = null;
  }

  /** It comes to a cohort, maybe from another one. */
  join(common: CommonBases): void {
    const own = new Map(this.#own);
    for (let slot = 0; slot < this.#common.slots; slot++) own.set(slot, this.#at(slot));
    for (const [slot, sequence] of own) if (sequence === 0) own.delete(slot);
    this.#common = common;
    this.#since = common.turn;
    this.#own = own.size === 0 ? null : own;
  }

  #at(slot: number): number {
    const own = this.#own?.get(slot);
    if (own !== undefined) return own;
    return this.#since < this.#common.turnAt(slot) ? this.#common.sequenceAt(slot) : 0;
  }

  #keep(slot: number, sequence: number): void {
    this.#own ??= new Map();
    this.#own.set(slot, sequence);
  }
}
