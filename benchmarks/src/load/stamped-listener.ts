// HOT: `message` runs once per delivered message; no allocation, closure or log call in it beyond its first branch.
import { eventOf } from './handshake.ts';
import type { Listener, ListenerOptions } from './listener.ts';
import { EVENT_NAME, isStamped, numberAt, publisherAt, sentAt } from './stamp.ts';
import type { Tally } from './tally.ts';

/** Reads the stamps of the messages: that all come once and in order, and how late. */
export class StampedListener implements Listener {
  readonly #tally: Tally;
  readonly #first: number;
  readonly #step: number;
  /** The next number expected from each publisher. */
  #next = new Uint32Array(0);

  constructor({ tally, hearing }: ListenerOptions) {
    this.#tally = tally;
    this.#first = hearing.first;
    this.#step = hearing.step;
  }

  begin(publishers: number): void {
    this.#next = new Uint32Array(publishers).fill(this.#first);
  }

  message(bytes: Buffer, start: number, end: number): void {
    const tally = this.#tally;
    const at = start + tally.dataOffset;
    if (end - start !== tally.payloadBytes || !isStamped(bytes, at)) {
      this.#other(bytes, start, end);
      return;
    }
    const publisher = publisherAt(bytes, at);
    const number = numberAt(bytes, at);
    const expected = this.#next[publisher] ?? 0;
    if ((number - this.#first) % this.#step !== 0) tally.foreign++;
    else if (number >= expected) {
      tally.skipped += (number - expected) / this.#step;
      this.#next[publisher] = number + this.#step;
    } else {
      tally.repeated++;
    }
    tally.deliveries++;
    tally.lastAtMicros = tally.nowMicros;
    tally.latency.record((tally.nowMicros - sentAt(bytes, at)) >>> 0);
  }

  missing(heard: readonly number[]): number[] {
    return heard.map((count, publisher) => count - ((this.#next[publisher] ?? 0) - this.#first) / this.#step);
  }

  #other(bytes: Buffer, start: number, end: number): void {
    const text = bytes.toString('utf8', start, end);
    if (eventOf(text) !== EVENT_NAME || this.#tally.payloadBytes !== 0) {
      this.#tally.foreign++;
      return;
    }
    this.#tally.payloadBytes = end - start;
    this.#tally.dataOffset = Buffer.from(text).indexOf('~~');
    this.message(bytes, start, end);
  }
}
