/** A frame that clients hold, and that patches are made from. */
export interface Base {
  readonly sequence: number;
  /** The text that plain subscribers got, in bytes of its own. */
  readonly bytes: Uint8Array;
  /** Monotonic milliseconds. */
  readonly sentAt: number;
  /** The publication's id among all workers, by which a patch names its base; `undefined` if it has none. */
  readonly id: string | undefined;
}

/** The recent frames of one conflation key of a channel: a short ring, the newest last. {@link TrackStore} bounds it. */
export class Track {
  readonly key: string;
  /** Where sockets keep the number of what they hold. Given to another track after this one's end. */
  readonly slot: number;
  #ring: Base[] = [];
  #last = 0;
  /** Publications that went out as deltas since the last one that all got in full. */
  deltas = 0;

  constructor(key: string, slot: number) {
    this.key = key;
    this.slot = slot;
  }

  get newest(): Base | undefined {
    return this.#ring.at(-1);
  }

  get oldest(): Base | undefined {
    return this.#ring[0];
  }

  /** The last number given; it stays when the frames are dropped. */
  get last(): number {
    return this.#last;
  }

  get length(): number {
    return this.#ring.length;
  }

  get bases(): readonly Base[] {
    return this.#ring;
  }

  base(sequence: number): Base | undefined {
    for (let i = this.#ring.length - 1; i >= 0; i--) {
      if (this.#ring[i]?.sequence === sequence) return this.#ring[i];
    }
    return undefined;
  }

  push(base: Base): void {
    this.#ring.push(base);
    this.#last = base.sequence;
  }

  /** Drops the oldest frame; how many bytes that frees. */
  shorten(): number {
    return this.#ring.shift()?.bytes.length ?? 0;
  }
}

/** What all tracks of a process hold together, and may. */
export interface TrackMemory {
  readonly maxBytes: number;
  usedBytes: number;
}
