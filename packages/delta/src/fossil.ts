import { type Codec, MAX_CODEC_BYTES } from './codec.ts';
import { type Changed, changedPart, equalRun } from './equal-run.ts';
import { digitsOf, FossilWriter } from './fossil-writer.ts';
import { MatchIndex } from './match-index.ts';

// HOT: once per delta; the loops run per byte.

/** Bytes after an edit that are compared in place before the base is indexed. */
const NEAR = 64;
/** A stretch this long that stands where it stood ends an edit. */
const SETTLED = 24;
/** Bytes by which an edit that is tried in place may have made the target longer or shorter. */
const DRIFT = 12;
/** After so many edits that did not settle, and one more for so many bytes, no other is tried. */
const LEAST_TRIES = 64;
const BYTES_PER_TRY = 128;

interface Settled {
  at: number;
  from: number;
}

const NOWHERE: Readonly<Settled> = { at: -1, from: 0 };

interface Trial {
  readonly seen: number;
  readonly shift: number;
  readonly end: number;
}

/**
 * Fossil deltas, as the npm package `fossil-delta` reads them. The edits of a frame are few and near to where they were, so
 * the ends that are equal come first, then what stands in place after a small edit, and only then a search.
 */
export class FossilCodec implements Codec {
  readonly #writer = new FossilWriter();
  readonly #index = new MatchIndex();

  encode(base: Uint8Array, target: Uint8Array, maxBytes: number): Uint8Array | undefined {
    if (base.length > MAX_CODEC_BYTES || target.length > MAX_CODEC_BYTES) return undefined;
    const writer = this.#writer;
    writer.start(target.length, maxBytes);
    const changed = changedPart(asBuffer(base), asBuffer(target));
    const { from, baseEnd } = changed;
    if (from > 0) writer.copy(0, from);
    this.#edits(changed);
    if (baseEnd < base.length) writer.copy(baseEnd, base.length - baseEnd);
    return writer.finish(checksum(target));
  }

  #edits(changed: Changed): void {
    const { target, from: start, targetEnd } = changed;
    const writer = this.#writer;
    let indexed = false;
    let tries = LEAST_TRIES + target.length / BYTES_PER_TRY;
    /** Up to here the target is looked at, and up to there it is written. */
    let seen = start;
    let written = start;
    /** How much further the last piece stood in the base than in the target. */
    let shift = 0;
    while (seen < targetEnd && !writer.full) {
      let { at, from } = tries > 0 ? settle(changed, seen, shift) : NOWHERE;
      let length = 0;
      if (at !== -1) length = equalRun(changed, from, at);
      else {
        tries--;
        if (!indexed) this.#index.build(changed);
        indexed = true;
        if (!this.#index.next(seen)) break;
        ({ at, from, length } = this.#index);
      }
      shift = from - at;
      seen = at + length;
      // The command of the copy, and the head of the insert that it parts in two.
      if (length <= digitsOf(length) + digitsOf(from) + 4) continue;
      writer.insert(target, written, at);
      writer.copy(from, length);
      written = seen;
    }
    writer.insert(target, written, targetEnd);
  }
}

/** Where a small edit ends: the first place from which on the target stands as it stood, about `shift` bytes further on. */
function settle(changed: Changed, seen: number, shift: number): Settled {
  const best: Settled = { ...NOWHERE };
  let end = Math.min(seen + NEAR, changed.targetEnd);
  for (let step = 0; step <= 2 * DRIFT; step++) {
    // 0, 1, -1, 2, -2, …
    const shifted = shift + (step & 1 ? (step + 1) >> 1 : -(step >> 1));
    const at = settles(changed, { seen, shift: shifted, end });
    if (at === -1) continue;
    best.at = at;
    best.from = at + shifted;
    // Only what settles earlier is better.
    end = at + SETTLED - 1;
  }
  return best;
}

function settles({ base, target, from, baseEnd }: Changed, { seen, shift, end }: Trial): number {
  if (seen + shift < from) return -1;
  const last = Math.min(end, baseEnd - shift) - SETTLED;
  for (let at = seen; at <= last;) {
    // From behind, so that one difference rules out all places before it.
    let same = SETTLED;
    while (same > 0 && base[at + shift + same - 1] === target[at + same - 1]) same--;
    if (same === 0) return at;
    at += same;
  }
  return -1;
}

function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

/** The sum of the big-endian 32-bit words, modulo 2^32, the last one filled up with zeros. */
function checksum(bytes: Uint8Array): number {
  const whole = bytes.length & ~3;
  let sum = 0;
  for (let at = 0; at < whole; at += 4) {
    const high = ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16);
    sum = (sum + (high | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number))) | 0;
  }
  for (let at = whole; at < bytes.length; at++) sum = (sum + ((bytes[at] as number) << (24 - 8 * (at - whole)))) | 0;
  return sum >>> 0;
}
