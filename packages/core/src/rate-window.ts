/** At most so many in a while, counted from the first of them. Three numbers, so that each connection can have one. */
export class RateWindow {
  readonly #windowMs: number;
  #startedAt = Number.NEGATIVE_INFINITY;
  #used = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Takes `points` if they fit; `max` 0 means unlimited. `nowMs` is monotonic. */
  take(points: number, max: number, nowMs: number): boolean {
    if (max === 0) return true;
    if (this.isOver(nowMs)) {
      this.#startedAt = nowMs;
      this.#used = 0;
    }
    if (this.#used + points > max) return false;
    this.#used += points;
    return true;
  }

  /** Points that still fit. */
  left(max: number, nowMs: number): number {
    return this.isOver(nowMs) ? max : Math.max(0, max - this.#used);
  }

  /** How long until the next window. */
  resetMs(nowMs: number): number {
    return this.isOver(nowMs) ? 0 : this.#startedAt + this.#windowMs - nowMs;
  }

  /** Whether it counts no more. */
  isOver(nowMs: number): boolean {
    return nowMs - this.#startedAt >= this.#windowMs;
  }
}
