import type { Algorithm, Codec } from './codec.ts';
import { FossilCodec } from './fossil.ts';
import { VcdiffCodec } from './vcdiff.ts';

/** One patch to compute. Crosses to a thread as it is. */
export interface PatchJob {
  readonly algorithm: Algorithm;
  readonly base: Uint8Array;
  readonly target: Uint8Array;
  readonly maxBytes: number;
}

export type Patch = Uint8Array | undefined;

/** Both codecs; each is made when it is first needed. */
export class Codecs {
  #fossil: Codec | undefined;
  #xdelta3: Codec | undefined;

  patch({ algorithm, base, target, maxBytes }: PatchJob): Patch {
    return this.#codec(algorithm).encode(base, target, maxBytes);
  }

  #codec(algorithm: Algorithm): Codec {
    return algorithm === 'fossil' ? (this.#fossil ??= new FossilCodec()) : (this.#xdelta3 ??= new VcdiffCodec());
  }
}
