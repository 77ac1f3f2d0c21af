import { type RateAnswer, type RateRequest, RateWindow } from '@sluice/core';
import { forgetOldest } from '../oldest.ts';

/** Names may come from addresses of clients. */
const MAX_NAMES = 100_000;

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
    const bound = { max: MAX_NAMES, size: () => this.#windows.size };
    forgetOldest(this.#windows.keys(), bound, (name) => this.#windows.delete(name));
  }
}
