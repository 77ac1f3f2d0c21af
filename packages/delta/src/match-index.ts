import { type Changed, equalRun } from './equal-run.ts';

// HOT: once per byte of what changed; no allocation but where the tables grow.

/** Bytes that are hashed together. A shorter match would hardly pay for its command. */
const WINDOW = 8;
/** Places of one hash that are looked at. */
const MAX_CANDIDATES = 16;
/** Bytes of the target for each place that may be looked at in all; so a target that is like nothing costs no more than others. */
const BYTES_PER_TRY = 8;
const LEAST_TRIES = 1000;
/** Up to this many bytes every place is indexed and the shortest match counts. */
const DENSE_BYTES = 2048;
/** Beyond, every so many; and short matches, which stand everywhere in lists of records, would lead astray. */
const SPARSE_STRIDE = 8;
const SPARSE_MATCH = 24;

const NOTHING = Buffer.alloc(0);

/** Finds pieces of the changed part of a target in that of its base. The tables are kept from one pair to the next. */
export class MatchIndex {
  #head = new Int32Array(0);
  #next = new Int32Array(0);
  #shift = 0;
  #stride = 1;
  #least = WINDOW;
  #tries = 0;
  #changed: Changed = { base: NOTHING, target: NOTHING, from: 0, baseEnd: 0, targetEnd: 0 };
  /** The match that the last `next` found: in the target from {@link at}, in the base from {@link from}. */
  at = 0;
  from = 0;
  length = 0;

  build(changed: Changed): void {
    const { base, from, baseEnd } = changed;
    this.#changed = changed;
    this.#tries = LEAST_TRIES + changed.target.length / BYTES_PER_TRY;
    const dense = baseEnd - from <= DENSE_BYTES;
    this.#stride = dense ? 1 : SPARSE_STRIDE;
    this.#least = dense ? WINDOW : SPARSE_MATCH;
    const blocks = Math.max(0, Math.floor((baseEnd - from - WINDOW) / this.#stride) + 1);
    const bits = Math.max(4, 32 - Math.clz32(blocks));
    this.#shift = 32 - bits;
    if (this.#head.length < 1 << bits) this.#head = new Int32Array(1 << bits);
    else this.#head.fill(0, 0, 1 << bits);
    if (this.#next.length <= blocks) this.#next = new Int32Array(2 * blocks + 1);
    // Backwards, so that the places of a hash are looked at in the order of the text.
    for (let block = blocks; block > 0; block--) {
      const place = from + (block - 1) * this.#stride;
      const slot = slotOf(word(base, place), word(base, place + 4), this.#shift);
      this.#next[block] = this.#head[slot] as number;
      this.#head[slot] = block;
    }
  }

  /** Looks for the first place in the target, from `start` on, that is worth a copy. */
  next(start: number): boolean {
    const { target, targetEnd } = this.#changed;
    if (start + WINDOW > targetEnd || this.#tries <= 0) return false;
    let high = word(target, start);
    let low = word(target, start + 4);
    for (let at = start; ; at++) {
      const block = this.#head[slotOf(high, low, this.#shift)] as number;
      if (block > 0 && this.#longest(block, at, start)) return true;
      if (at + WINDOW >= targetEnd || this.#tries <= 0) return false;
      high = (high << 8) | (target[at + 4] as number);
      low = (low << 8) | (target[at + 8] as number);
    }
  }

  #longest(first: number, at: number, start: number): boolean {
    const { from } = this.#changed;
    this.length = 0;
    let block = first;
    for (let tries = MAX_CANDIDATES; block > 0 && tries > 0; tries--, this.#tries--) {
      const place = from + (block - 1) * this.#stride;
      const length = equalRun(this.#changed, place, at);
      if (length > this.length) {
        this.length = length;
        this.from = place;
      }
      block = this.#next[block] as number;
    }
    this.at = at;
    if (this.length >= WINDOW) this.#extendBack(start);
    return this.length >= this.#least;
  }

  /** The index knows few places of the base, so a match can have begun before the one that was found. */
  #extendBack(start: number): void {
    const { base, target, from } = this.#changed;
    while (this.at > start && this.from > from && base[this.from - 1] === target[this.at - 1]) {
      this.at--;
      this.from--;
      this.length++;
    }
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}

function slotOf(high: number, low: number, shift: number): number {
  return (Math.imul(high, 0x9e3779b1) ^ Math.imul(low, 0x85ebca6b)) >>> shift;
}
