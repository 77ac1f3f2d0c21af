const WINDOW_MS = 1000;

/** At most so many in a second, counted from the first of them. Two numbers, so that each connection can have one. */
export class RateWindow {
  #startedAt = Number.NEGATIVE_INFINITY;
  #used = 0;

  /** Takes `points` if they fit; `max` 0 means unlimited. `nowMs` is monotonic. */
  take(points: number, max: number, nowMs: number): boolean {
    if (max === 0) return true;
    if (nowMs - this.#startedAt >= WINDOW_MS) {
      this.#startedAt = nowMs;
      this.#used = 0;
    }
    if (this.#used + points > max) return false;
    this.#used += points;
    return true;
  }
}
