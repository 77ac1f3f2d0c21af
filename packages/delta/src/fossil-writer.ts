// HOT: once per command of a patch; no allocation but where the scratch grows.

const DIGITS = new TextEncoder().encode('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~');
const [NEWLINE, AT, COMMA, COLON, SEMICOLON] = [0x0a, 0x40, 0x2c, 0x3a, 0x3b];

/** Most bytes of a number: 32 bits in digits of 6. */
const MAX_DIGITS = 6;
/** Most bytes of a command without its literal bytes. */
const MAX_COMMAND_BYTES = 2 * MAX_DIGITS + 2;

/** Writes the Fossil delta format: `<target size>\n`, then `<n>@<offset>,` or `<n>:<bytes>`, then `<checksum>;`. */
export class FossilWriter {
  #out = new Uint8Array(1024);
  #at = 0;
  #maxBytes = 0;
  #copyFrom = 0;
  #copyLength = 0;
  /** True once the patch is longer than allowed; nothing is written any more. */
  full = false;

  start(targetBytes: number, maxBytes: number): void {
    this.#at = 0;
    this.#copyLength = 0;
    this.#maxBytes = maxBytes;
    this.full = false;
    this.#number(targetBytes, NEWLINE);
  }

  /** A copy that goes on where the last one ended becomes part of it. */
  copy(from: number, length: number): void {
    if (this.#copyLength > 0 && this.#copyFrom + this.#copyLength === from) {
      this.#copyLength += length;
      return;
    }
    this.#flushCopy();
    this.#copyFrom = from;
    this.#copyLength = length;
  }

  /** `target[from..to)` as it is. */
  insert(target: Uint8Array, from: number, to: number): void {
    if (to === from) return;
    this.#flushCopy();
    if (this.full || this.#at + to - from > this.#maxBytes) {
      this.full = true;
      return;
    }
    this.#number(to - from, COLON);
    this.#reserve(to - from);
    // Calling into `set` costs more than a few bytes.
    if (to - from < 32) for (let i = from; i < to; i++) this.#out[this.#at++] = target[i] as number;
    else {
      this.#out.set(target.subarray(from, to), this.#at);
      this.#at += to - from;
    }
  }

  finish(checksum: number): Uint8Array | undefined {
    this.#flushCopy();
    this.#number(checksum, SEMICOLON);
    return this.full || this.#at > this.#maxBytes ? undefined : this.#out.slice(0, this.#at);
  }

  #flushCopy(): void {
    if (this.#copyLength === 0) return;
    this.#number(this.#copyLength, AT);
    this.#number(this.#copyFrom, COMMA);
    this.#copyLength = 0;
    if (this.#at > this.#maxBytes) this.full = true;
  }

  #number(value: number, end: number): void {
    if (this.full) return;
    this.#reserve(MAX_COMMAND_BYTES);
    this.#at += digitsOf(value);
    let at = this.#at;
    let rest = value >>> 0;
    do {
      this.#out[--at] = DIGITS[rest & 63] as number;
      rest >>>= 6;
    } while (rest > 0);
    this.#out[this.#at++] = end;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#out.length) return;
    const grown = new Uint8Array(2 * (this.#at + bytes));
    grown.set(this.#out.subarray(0, this.#at));
    this.#out = grown;
  }
}

/** How many bytes a number takes. */
export function digitsOf(value: number): number {
  let digits = 1;
  for (let rest = value >>> 6; rest > 0; rest >>>= 6) digits++;
  return digits;
}
