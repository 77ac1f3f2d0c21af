// HOT: `message` runs once per delivered message; no allocation, closure or log call in it.
import type { Listener, ListenerOptions } from './listener.ts';
import type { Tally } from './tally.ts';

/** Where a frame that begins with `{"event":"` goes on: one of `bench`, or `pusher:delta"`. */
const NAME = 10;
const BENCH = 'b'.charCodeAt(0);
const DELTA = Buffer.from('pusher:delta"');

/** Counts messages in whatever form they come. The stamps of a message cannot be read in a delta. */
export class CountingListener implements Listener {
  readonly #tally: Tally;
  #count = 0;

  constructor({ tally }: ListenerOptions) {
    this.#tally = tally;
  }

  begin(_publishers: number): void {
    this.#count = 0;
  }

  message(bytes: Buffer, start: number, _end: number): void {
    if (bytes[start + NAME] !== BENCH && !isDelta(bytes, start + NAME)) {
      this.#tally.foreign++;
      return;
    }
    this.#count++;
    this.#tally.deliveries++;
    this.#tally.lastAtMicros = this.#tally.nowMicros;
  }

  missing(heard: readonly number[]): number[] {
    return [heard.reduce((sum, count) => sum + count, 0) - this.#count];
  }
}

function isDelta(bytes: Buffer, at: number): boolean {
  return bytes.compare(DELTA, 0, DELTA.length, at, Math.min(bytes.length, at + DELTA.length)) === 0;
}
