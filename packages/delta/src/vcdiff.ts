import { type Codec, MAX_CODEC_BYTES } from './codec.ts';
import { compileXdelta3, instantiate, isTrap, type Xdelta3, type Xdelta3Module } from './xdelta3.ts';

/**
 * Level 3 in xdelta3's `flags`: half the patch of level 1 in the same time, and no more than the default's in half of its
 * (bench/codecs.ts). Never its checksum, which the clients' decoder takes for data.
 */
const FLAGS = 3 << 20;
const LEAST_CAPACITY = 16 * 1024;
/** By how much a patch can be longer than its target: the heads of the file and of its window. */
const MAX_HEAD_BYTES = 64;
/** xdelta3 writes no window for an empty target, and the clients' decoder wants one. */
const EMPTY_TARGET = Uint8Array.of(0xd6, 0xc3, 0xc4, 0, 0, 0, 5, 0, 0, 0, 0, 0);

interface Buffers {
  readonly target: number;
  readonly base: number;
  readonly out: number;
  /** Bytes that each holds; `out` holds a head more. */
  readonly capacity: number;
}

/**
 * VCDIFF (RFC 3284), made by the module of the npm package `xdelta3-wasm`. The package's own JavaScript is not used: it
 * allocates on every call, knows no bound, and is of no use after a trap.
 */
export class VcdiffCodec implements Codec {
  readonly #module: Xdelta3Module;
  #xdelta3: Xdelta3;
  #buffers: Buffers;

  constructor(module: Xdelta3Module = compileXdelta3()) {
    this.#module = module;
    this.#xdelta3 = instantiate(module);
    this.#buffers = allocate(this.#xdelta3, LEAST_CAPACITY);
  }

  encode(base: Uint8Array, target: Uint8Array, maxBytes: number): Uint8Array | undefined {
    const longest = Math.max(base.length, target.length);
    if (longest > MAX_CODEC_BYTES) return undefined;
    if (target.length === 0) return EMPTY_TARGET.length <= maxBytes ? EMPTY_TARGET : undefined;
    if (longest > this.#buffers.capacity) this.#restart(longest);
    try {
      return this.#encode(base, target, maxBytes);
    } catch (error) {
      if (!isTrap(error)) throw error;
      this.#restart(LEAST_CAPACITY);
      return undefined;
    }
  }

  #encode(base: Uint8Array, target: Uint8Array, maxBytes: number): Uint8Array | undefined {
    const buffers = this.#buffers;
    const memory = new Uint8Array(this.#xdelta3.memory.buffer);
    memory.set(target, buffers.target);
    memory.set(base, buffers.base);
    const outBytes = buffers.out + buffers.capacity + MAX_HEAD_BYTES;
    const maxOutBytes = Math.max(0, Math.min(maxBytes, buffers.capacity + MAX_HEAD_BYTES));
    const result = this.#xdelta3.xd3_encode_memory(
      buffers.target,
      target.length,
      buffers.base,
      base.length,
      buffers.out,
      outBytes,
      maxOutBytes,
      FLAGS,
    );
    // As a rule "no space", since the patch would be too long. What stands in `out` then may be of earlier messages.
    if (result !== 0) return undefined;
    const length = new DataView(memory.buffer).getUint32(outBytes, true);
    return memory.slice(buffers.out, buffers.out + length);
  }

  /** A new instance: after a trap, or for larger buffers, since memory that was given back is in pieces. */
  #restart(bytes: number): void {
    this.#xdelta3 = instantiate(this.#module);
    this.#buffers = allocate(this.#xdelta3, Math.max(LEAST_CAPACITY, 2 ** Math.ceil(Math.log2(bytes))));
  }
}

/** Three times 1 MiB leave xdelta3 what it needs for itself of its 16. */
function allocate({ malloc }: Xdelta3, capacity: number): Buffers {
  const [target, base, out] = [malloc(capacity), malloc(capacity), malloc(capacity + MAX_HEAD_BYTES + 4)];
  if (target === 0 || base === 0 || out === 0)
    throw new Error(`xdelta3-wasm: no memory for buffers of ${capacity} bytes`);
  return { target, base, out, capacity };
}
