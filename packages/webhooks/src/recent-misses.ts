/** Several clients that find the same cache empty are one `cache_miss` (Pusher "Cache channels"). */
const WINDOW_MS = 10_000;

/** Of each Map; at the bound the older half is forgotten, and may be told a second time. */
const MAX_EACH = 50_000;

/** The cache misses that were told within the window. */
export class RecentMisses {
  /** When each was told. Two Maps that take turns: nothing is ever deleted one by one. */
  #current = new Map<string, number>();
  #previous = new Map<string, number>();
  #swapAt = 0;

  get size(): number {
    return this.#current.size + this.#previous.size;
  }

  /** Whether this one is to be told. */
  isNew(appId: string, channel: string, now: number): boolean {
    if (now >= this.#swapAt || this.#current.size >= MAX_EACH) this.#swap(now);
    // Names of channels hold no space.
    const key = `${channel} ${appId}`;
    const toldAt = this.#current.get(key) ?? this.#previous.get(key);
    if (toldAt !== undefined && now < toldAt + WINDOW_MS) return false;
    this.#current.set(key, now);
    return true;
  }

  #swap(now: number): void {
    this.#previous = this.#current;
    this.#current = new Map();
    this.#swapAt = now + WINDOW_MS;
  }
}
