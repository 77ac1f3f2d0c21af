import type { Algorithm } from './codec.ts';
import type { CohortBase } from './cohort-bases.ts';
import type { HeldBases } from './held-bases.ts';
import type { Track } from './track.ts';

/** Makes of a text what sockets are written; once per text. */
export type Prepare<Frame> = (text: string) => Frame;

interface DeltaVariant<Frame> {
  readonly algorithm: Algorithm;
  /** Number and id of what the patch is for. */
  readonly base: number;
  readonly baseId: string | undefined;
  readonly patch: Uint8Array;
  readonly frame: Frame;
}

export interface VariantsOptions<Frame> {
  /** `undefined`: a frame that clients are not to keep. */
  readonly kept: { readonly track: Track; readonly sequence: number } | undefined;
  readonly prepare: Prepare<Frame>;
  /** The text for sockets that take deltas and get none this time. */
  readonly full: () => string;
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

  constructor(options: VariantsOptions<Frame>) {
    this.#options = options;
  }

  /** What those hold who are sent one of these frames; `undefined`: what they held before. */
  get kept(): VariantsOptions<Frame>['kept'] {
    return this.#options.kept;
  }

  get full(): Frame {
    return (this.#full ??= this.#options.prepare(this.#options.full()));
  }

  get deltas(): readonly DeltaVariant<Frame>[] {
    return this.#deltas;
  }

  /** True once frames were handed out. A delta that comes later serves nobody. */
  get taken(): boolean {
    return this.#taken;
  }

  /** HOT: once per recipient. */
  frameFor(algorithm: Algorithm, held: HeldBases): Frame {
    this.#taken = true;
    const { kept } = this.#options;
    if (kept !== undefined && this.#deltas.length > 0) {
      const base = held.of(kept.track);
      for (const delta of this.#deltas) {
        if (delta.base === base && delta.algorithm === algorithm) return delta.frame;
      }
    }
    return this.full;
  }

  /** HOT: once per recipient that was really sent its frame; not for one that was dropped or left out. */
  sentTo(held: HeldBases): void {
    const { kept } = this.#options;
    if (kept !== undefined) held.hold(kept.track, kept.sequence);
  }

  addDelta({ algorithm, base }: CohortBase, text: string, patch: Uint8Array): void {
    const frame = this.#options.prepare(text);
    this.#deltas.push({ algorithm, base: base.sequence, baseId: base.id, patch, frame });
  }
}
