import type { Sequences } from './sequences.ts';
import { type Base, Track, type TrackMemory } from './track.ts';

export interface TrackLimits {
  /** Frames that a track keeps: `max_messages_per_key`. */
  readonly maxMessagesPerKey: number;
  /** Tracks of the channel: `max_conflation_keys`, `max_conflation_states_per_channel`. */
  readonly maxKeys: number;
  /** `max_state_age_secs`. */
  readonly maxStateAgeMs: number;
}

export interface TrackStoreOptions extends TrackLimits {
  /** Whether frames carry a conflation key. Turns true by itself at the first frame that has one, and stays so. */
  readonly keyed: boolean;
  readonly sequences: Sequences;
  readonly memory: TrackMemory;
}

/** Of one channel, for all it keeps: the ring of one key, or the newest frames of many. */
const MAX_CHANNEL_BYTES = 8 * 1024 * 1024;

/** The tracks of one channel, by conflation key. The one that was used longest ago goes when there are too many. */
export class TrackStore {
  readonly #options: TrackStoreOptions;
  /** In the order of use. */
  readonly #tracks = new Map<string, Track>();
  readonly #freeSlots: number[] = [];
  #slots = 0;
  #bytes = 0;
  #keyed: boolean;
  #version = 0;

  constructor(options: TrackStoreOptions) {
    this.#options = options;
    this.#keyed = options.keyed;
  }

  get keyed(): boolean {
    return this.#keyed;
  }

  /** Another one whenever what is kept has changed. */
  get version(): number {
    return this.#version;
  }

  get size(): number {
    return this.#tracks.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The tracks, the one used last first. */
  recent(): readonly Track[] {
    return [...this.#tracks.values()].toReversed();
  }

  find(key: string): Track | undefined {
    return this.#tracks.get(key);
  }

  /** The track of a key, which counts as used, without frames that are too old. `now`: monotonic milliseconds. */
  track(key: string, now: number): Track {
    if (key !== '' && !this.#keyed) this.#becomeKeyed();
    const known = this.#tracks.get(key);
    if (known !== undefined) {
      this.#tracks.delete(key);
      this.#tracks.set(key, known);
      this.#shortenOld(known, now);
      return known;
    }
    for (const oldest of this.#tracks.values()) {
      if (this.#tracks.size < this.#options.maxKeys) break;
      this.#end(oldest);
    }
    const track = new Track(key, this.#freeSlots.pop() ?? this.#slots++);
    this.#tracks.set(key, track);
    return track;
  }

  /**
   * Makes a frame the newest base of a track that {@link track} gave, and returns its number; 0 if there is no room for it, and
   * then clients must not keep it either.
   */
  push(track: Track, frame: Omit<Base, 'sequence'>): number {
    if (!this.#makeRoom(track, frame.bytes.length)) return 0;
    const sequence = this.#options.sequences.next(track.last);
    track.push({ ...frame, sequence });
    this.#count(frame.bytes.length);
    while (track.length > this.#options.maxMessagesPerKey) this.#count(-track.shorten());
    return sequence;
  }

  /** Lets go of the tracks that are too old to be of use. `now`: monotonic milliseconds. */
  expire(now: number): void {
    for (const track of this.#tracks.values()) {
      this.#shortenOld(track, now);
      if (track.length > 0) break;
      this.#end(track);
    }
  }

  /** Lets go of everything, when the channel ends. */
  clear(): void {
    for (const track of this.#tracks.values()) this.#end(track);
  }

  /** First goes what is needed least: frames that only late sockets hold, then the keys that were not heard of for longest. */
  #makeRoom(track: Track, bytes: number): boolean {
    const { memory } = this.#options;
    const fits = (): boolean => this.#bytes + bytes <= MAX_CHANNEL_BYTES && memory.usedBytes + bytes <= memory.maxBytes;
    while (!fits() && track.length > 0) this.#count(-track.shorten());
    for (const oldest of this.#tracks.values()) {
      if (fits() || oldest === track) break;
      this.#end(oldest);
    }
    return fits();
  }

  /** Clients keep frames that came before the first key where they do not look for them afterwards. */
  #becomeKeyed(): void {
    this.#keyed = true;
    this.clear();
  }

  #shortenOld(track: Track, now: number): void {
    const before = now - this.#options.maxStateAgeMs;
    while (track.oldest !== undefined && track.oldest.sentAt < before) this.#count(-track.shorten());
  }

  #end(track: Track): void {
    while (track.length > 0) this.#count(-track.shorten());
    this.#tracks.delete(track.key);
    this.#freeSlots.push(track.slot);
    this.#options.sequences.retire(track.last);
  }

  #count(bytes: number): void {
    this.#version++;
    this.#bytes += bytes;
    this.#options.memory.usedBytes += bytes;
  }
}
