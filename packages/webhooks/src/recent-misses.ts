/** Several clients that find the same cache empty are one `cache_miss` (Pusher "Cache channels"). */
const WINDOW_MS = 10_000;

/** At the bound the oldest is forgotten, and may be told a second time. */
const MAX_REMEMBERED = 100_000;

const PRUNE_EVERY_MS = 1000;

/** The cache misses that were told within the window. */
export class RecentMisses {
  /** When each was told, in that order. */
  readonly #toldAt = new Map<string, number>();
  #pruneAt = 0;

  /** Whether this one is to be told. */
  isNew(appId: string, channel: string, now: number): boolean {
    if (now >= this.#pruneAt || this.#toldAt.size >= MAX_REMEMBERED) this.#prune(now);
    // Names of channels hold no space.
    const key = `${channel} ${appId}`;
    const toldAt = this.#toldAt.get(key);
    if (toldAt !== undefined && now < toldAt + WINDOW_MS) return false;
    // Deleted first, so that it stands at the end.
    this.#toldAt.delete(key);
    this.#toldAt.set(key, now);
    return true;
  }

  #prune(now: number): void {
    this.#pruneAt = now + PRUNE_EVERY_MS;
    for (const [key, toldAt] of this.#toldAt) {
      if (now < toldAt + WINDOW_MS && this.#toldAt.size < MAX_REMEMBERED) return;
      this.#toldAt.delete(key);
    }
  }
}
