import { type RateAnswer, type RateRequest, RateWindow } from '@sluice/core';

/** Names may come from addresses of clients. */
const MAX_NAMES = 100_000;

/** The part that is forgotten at the bound, in one go: a look at the front of a Map passes all that was deleted there. */
const SLICE = 0.01;

/** The rates that all workers share, by name. At the bound the oldest windows are forgotten, and begin anew. */
export class RateTable {
  readonly #now: () => number;
  /** In the order of first use. */
  readonly #windows = new Map<string, RateWindow>();

  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#windows.size;
  }

  take({ name, points, max, windowMs }: RateRequest): RateAnswer {
    const now = this.#now();
    let window = this.#windows.get(name);
    if (window === undefined) {
      if (this.#windows.size >= MAX_NAMES) this.#makeRoom(now);
      window = new RateWindow(windowMs);
      this.#windows.set(name, window);
    }
    const taken = window.take(points, max, now);
    return { taken, remaining: window.left(max, now), resetMs: window.resetMs(now) };
  }

  #makeRoom(now: number): void {
    for (const [name, window] of this.#windows) {
      if (window.isOver(now)) this.#windows.delete(name);
    }
    let excess = this.#windows.size - MAX_NAMES * (1 - SLICE);
    for (const name of this.#windows.keys()) {
      if (excess-- <= 0) return;
      this.#windows.delete(name);
    }
  }
}
