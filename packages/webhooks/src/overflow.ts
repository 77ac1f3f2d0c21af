import type { Log } from '@sluice/core';

/** Keeps a queue to its bounds. How full it is comes as a part of them: 1 is full. An overflow is logged when it begins and when half of the queue is free again. */
export class Overflow {
  readonly #log: Log;
  readonly #fields: object;
  #isFull = false;
  #dropped = 0;

  constructor(log: Log, fields: object) {
    this.#log = log;
    this.#fields = fields;
  }

  /** Whether one more fits. */
  admits(fill: number): boolean {
    if (fill < 1) return true;
    if (!this.#isFull) {
      this.#log.warn('a queue of webhooks is full and new events are dropped', this.#fields);
    }
    this.#isFull = true;
    this.#dropped++;
    return false;
  }

  drained(fill: number): void {
    if (!this.#isFull || fill > 0.5) return;
    this.#log.warn('a queue of webhooks has room again', { ...this.#fields, dropped: this.#dropped });
    this.#isFull = false;
    this.#dropped = 0;
  }
}
