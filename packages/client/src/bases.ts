import type { DeltaLimits } from './options.ts';

/** A message that a delta may be made from. */
export interface Base {
  readonly seq: number;
  /** The whole frame without delta members, in UTF-8. */
  readonly bytes: Uint8Array;
}

export interface TrackId {
  readonly channel: string;
  /** The conflation key; '' for messages without. */
  readonly key: string;
}

type BaseLimits = Pick<DeltaLimits, 'baseBytes' | 'keysPerChannel' | 'basesPerKey'>;

/** The latest messages of one key of a channel, the newest last. */
interface Track {
  readonly id: TrackId;
  bases: Base[];
  bytes: number;
}

/** The bases of one connection, bounded in bytes and keys. What is forgotten, the server is asked to begin anew. */
export class Bases {
  readonly #limits: BaseLimits;
  readonly #channels = new Map<string, Map<string, Track>>();
  /** All tracks, the one unused for longest first. */
  readonly #byUse = new Set<Track>();
  #bytes = 0;

  constructor(limits: BaseLimits) {
    this.#limits = limits;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get tracks(): number {
    return this.#byUse.size;
  }

  /** The base of that number, else undefined; the newest if no number is said. Some servers begin to count again: the newest of equals. */
  find(id: TrackId, seq: number | undefined): Base | undefined {
    const bases = this.#channels.get(id.channel)?.get(id.key)?.bases;
    return seq === undefined ? bases?.at(-1) : bases?.findLast((base) => base.seq === seq);
  }

  add(id: TrackId, base: Base): void {
    const track = this.#track(id);
    track.bases.push(base);
    this.#grow(track, base.bytes.length);
    while (track.bases.length > this.#limits.basesPerKey) this.#grow(track, -(track.bases.shift()?.bytes.length ?? 0));
    this.#byUse.delete(track);
    this.#byUse.add(track);
    this.#shrink(id.channel);
  }

  forget(channel: string): void {
    for (const track of this.#channels.get(channel)?.values() ?? []) this.#drop(track);
  }

  #track(id: TrackId): Track {
    let keys = this.#channels.get(id.channel);
    if (keys === undefined) this.#channels.set(id.channel, (keys = new Map()));
    let track = keys.get(id.key);
    if (track === undefined) keys.set(id.key, (track = { id, bases: [], bytes: 0 }));
    // In order of use within the channel as well.
    keys.delete(id.key);
    keys.set(id.key, track);
    return track;
  }

  #shrink(channel: string): void {
    const keys = this.#channels.get(channel);
    if (keys !== undefined && keys.size > this.#limits.keysPerChannel) {
      const [oldest] = keys.values();
      if (oldest !== undefined) this.#drop(oldest);
    }
    for (const track of this.#byUse) {
      if (this.#bytes <= this.#limits.baseBytes) break;
      this.#drop(track);
    }
  }

  #drop(track: Track): void {
    this.#bytes -= track.bytes;
    this.#byUse.delete(track);
    const keys = this.#channels.get(track.id.channel);
    keys?.delete(track.id.key);
    if (keys?.size === 0) this.#channels.delete(track.id.channel);
  }

  #grow(track: Track, bytes: number): void {
    track.bytes += bytes;
    this.#bytes += bytes;
  }
}
