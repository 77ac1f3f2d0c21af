import type { Log } from '@sluice/core';

/** Keeps a queue to its bound. An overflow is logged when it begins and when half of the queue is free again. */
export class Overflow {
  readonly #max: number;
  readonly #log: Log;
  readonly #fields: object;
  #isFull = false;
  #dropped = 0;

  constructor(max: number, log: Log, fields: object) {
    this.#max = max;
    this.#log = log;
    this.#fields = fields;
  }

  /** Whether one more fits. */
  admits(queued: number): boolean {
    if (queued < this.#max) return true;
    if (!this.#isFull) {
      this.#log.warn('a queue of webhooks is full and new events are dropped', { ...this.#fields, queued });
    }
    this.#isFull = true;
    this.#dropped++;
    return false;
  }

  drained(queued: number): void {
    if (!this.#isFull || queued * 2 > this.#max) return;
    this.#log.warn('a queue of webhooks has room again', { ...this.#fields, dropped: this.#dropped });
    this.#isFull = false;
    this.#dropped = 0;
  }
}
