import type { DeltaFormat } from './delta-format.ts';
import type { SharedPatch } from './publication.ts';
import type { Track } from './track.ts';

/** A delta for all sockets that take it in this format and hold this base. */
export interface DeltaVariant<Frame> {
  readonly format: DeltaFormat;
  /** Number of what the patch is for. */
  readonly base: number;
  readonly frame: Frame;
}

/** What a frame makes those hold who are sent it. */
export interface Kept {
  readonly track: Track;
  readonly sequence: number;
}

export interface VariantsOptions<Frame> {
  /** `undefined`: a frame that clients are not to keep. */
  readonly kept: Kept | undefined;
  /** The frame for sockets that take deltas and get none this time. */
  readonly full: () => Frame;
}

/** The frames of one publication, each made once and shared by all sockets that get it. */
export class Variants<Frame> {
  readonly #options: VariantsOptions<Frame>;
  readonly #deltas: DeltaVariant<Frame>[] = [];
  #full: Frame | undefined;
  #taken = false;
  /** Why all got it in full though the track was well; for other workers, whose intervals are to be the same. */
  endsInterval = false;
  /** Resolves when all deltas are there; `undefined` if they are. What is taken before is right too, only longer. */
  settled: Promise<void> | undefined;
  /** What the deltas are made of, for other workers. */
  readonly patches: SharedPatch[] = [];

  constructor(options: VariantsOptions<Frame>) {
    this.#options = options;
  }

  /** What those hold who are sent one of these frames; `undefined`: what they held before. */
  get kept(): Kept | undefined {
    return this.#options.kept;
  }

  get full(): Frame {
    return (this.#full ??= this.#options.full());
  }

  get deltas(): readonly DeltaVariant<Frame>[] {
    return this.#deltas;
  }

  /** True once frames were handed out. A delta that comes later serves nobody. */
  get taken(): boolean {
    return this.#taken;
  }

  /** `base`: the number of what is held of the track; 0 for nothing. */
  frameFor(format: DeltaFormat, base: number): Frame {
    this.#taken = true;
    for (const delta of this.#deltas) {
      if (delta.base === base && delta.format === format) return delta.frame;
    }
    return this.full;
  }

  addDelta(delta: DeltaVariant<Frame>): void {
    this.#deltas.push(delta);
  }
}
