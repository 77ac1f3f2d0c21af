import type { Track } from './track.ts';

/** Which frame of each track those sockets of a cohort hold that were sent all of its publications. */
export class CommonBases {
  /** By slot: the number of the frame, 0 for none, and the turn in which it came. */
  readonly #sequences: number[] = [];
  readonly #turns: number[] = [];
  #turn = 0;

  /** Frames so far; the last one's turn. */
  get turn(): number {
    return this.#turn;
  }

  /** One above the last slot that anything is held of. */
  get slots(): number {
    return this.#sequences.length;
  }

  /** 0: none. */
  sequenceAt(slot: number): number {
    return this.#sequences[slot] ?? 0;
  }

  /** 0 where nothing is held. */
  turnAt(slot: number): number {
    return this.#turns[slot] ?? 0;
  }

  /** After the cohort was sent a frame. */
  hold({ slot }: Track, sequence: number): void {
    while (this.#sequences.length <= slot) {
      this.#sequences.push(0);
      this.#turns.push(0);
    }
    this.#sequences[slot] = sequence;
    this.#turns[slot] = ++this.#turn;
  }
}
