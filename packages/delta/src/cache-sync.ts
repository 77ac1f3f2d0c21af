import type { BaseHolder } from './base-holder.ts';
import type { Base, Track } from './track.ts';
import type { TrackStore } from './track-store.ts';
import type { DeltaWire, FramePress } from './wire.ts';

/** Frames for one late subscriber, so that it starts on deltas. The keys heard of last come first; the others start in full. */
const MAX_SYNC_BYTES = 64 * 1024;

export interface CacheSyncOptions<Frame> {
  readonly channel: string;
  /** Path of the key. */
  readonly conflationKey: string;
  readonly maxMessagesPerKey: number;
  readonly tracks: TrackStore;
  readonly wire: DeltaWire;
  readonly press: FramePress<Frame>;
}

interface Entry {
  readonly track: Track;
  readonly newest: Base;
}

interface Made<Frame> {
  readonly version: number;
  readonly entries: readonly Entry[];
  readonly frame: Frame;
}

/** `pusher:delta_cache_sync` of one channel. Made once for all who subscribe between two publications. */
export class CacheSync<Frame> {
  readonly #options: CacheSyncOptions<Frame>;
  #made: Made<Frame> | undefined;

  constructor(options: CacheSyncOptions<Frame>) {
    this.#options = options;
  }

  /** `undefined` where nothing is kept. `now`: monotonic milliseconds. */
  frame(now: number): Frame | undefined {
    const { tracks } = this.#options;
    tracks.expire(now);
    if (this.#made?.version !== tracks.version) this.#made = this.#make();
    return this.#made?.frame;
  }

  /** Notes what a socket holds that was sent the frame just now. */
  sentTo(holder: BaseHolder): void {
    holder.clear();
    for (const { track, newest } of this.#made?.entries ?? []) holder.hold(track, newest.sequence);
  }

  #make(): Made<Frame> | undefined {
    const { channel, conflationKey, maxMessagesPerKey, tracks, wire, press } = this.#options;
    const entries: Entry[] = [];
    let bytes = 0;
    for (const track of tracks.recent()) {
      const { newest } = track;
      if (newest === undefined) continue;
      bytes += newest.bytes.length;
      if (bytes > MAX_SYNC_BYTES) break;
      entries.push({ track, newest });
    }
    if (entries.length === 0) return undefined;
    const states = entries.map(({ track, newest: { bytes, sequence } }) => {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
      return { key: track.key, frames: [{ text, sequence }] };
    });
    const text = wire.deltaCacheSync({ channel, conflationKey, maxMessagesPerKey, states });
    return { version: tracks.version, entries, frame: press.ofText(text) };
  }
}
