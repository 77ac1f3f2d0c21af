// HOT: `message` runs once per delivered message; no allocation, closure or log call in it.
import type { Listener, ListenerOptions } from './listener.ts';
import type { Tally } from './tally.ts';

/** `{"event":"bench"`, `{"event":"pusher:delta"` and deltas in bytes, told from what else may come by a few of their bytes. */
const NAME = 10;
/** Where a delta in bytes has the number of its algorithm. */
const MAX_ALGORITHM = 2;
const [B, D, QUOTE] = [0x62, 0x64, 0x22];

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
    if (bytes[start + NAME] !== B && !isDelta(bytes, start)) {
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

/** Not by a comparison of buffers, which is slow, and would be so only for deltas. */
function isDelta(bytes: Buffer, start: number): boolean {
  if ((bytes[start] ?? Infinity) <= MAX_ALGORITHM) return true;
  const at = start + NAME;
  return bytes[at + 'pusher:'.length] === D && bytes[at + 'pusher:delta'.length] === QUOTE;
}
