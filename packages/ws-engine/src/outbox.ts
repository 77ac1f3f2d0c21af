// HOT: add runs once per socket and round, the loop of #writeSlice once per write.
import type { Frame, Framer } from '@sluice/core';
import { Batch } from './batch.ts';
import { MessageFrame } from './frame.ts';

/** What the outbox writes: a socket with a batch waiting. */
export interface Flushable {
  flush(): void;
}

export interface OutboxOptions {
  /** Extra time to gather messages before writing; 0: until the end of the turn. */
  readonly flushDelayMs: number;
  /** That time is over once so many bytes wait for one socket. */
  readonly writeBufferBytes: number;
  /** Longest stretch of writing before other work gets its turn. */
  readonly sliceMs: number;
  /** Called before sockets are written: what clients are told, others may have to be told first. */
  readonly beforeRound?: () => void;
}

/** Looking at the clock costs about as much as a hundredth of a write; this often is enough. */
const WRITES_PER_CLOCK_CHECK = 32;

/**
 * All sockets of this worker that have something to send. They are written in rounds: one write per socket and
 * round, however many messages came in meanwhile. A round that takes long goes on in slices, so that a channel with many
 * thousand subscribers does not stop the loop; what arrives between slices joins the batches not yet written.
 */
export class Outbox implements Framer {
  readonly #options: OutboxOptions;
  /** Where a socket's batch starts. New each round, so that frames are not kept alive. */
  root: Batch = Batch.root();
  #round: Flushable[] = [];
  #written = 0;
  #nextRound: Flushable[] = [];
  #scheduled = false;
  /** Until the delay of the next round is over; null where nothing is delayed. */
  #delay: NodeJS.Timeout | null = null;
  #inHurry = false;
  #callbacks: (() => void)[] = [];
  #nextCallbacks: (() => void)[] = [];

  /** Bytes waiting for one socket from which on the next round is in a hurry; without a delay none. */
  readonly hurryBytes: number;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.hurryBytes = options.flushDelayMs > 0 ? options.writeBufferBytes : Infinity;
  }

  frame(text: string): Frame {
    return MessageFrame.ofText(text);
  }

  frameBytes(payload: Uint8Array): Frame {
    return MessageFrame.ofTextBytes(payload);
  }

  binaryFrame(payload: Uint8Array): Frame {
    return MessageFrame.ofBinary(payload);
  }

  /** A socket whose batch was empty got its first frame. */
  add(socket: Flushable): void {
    this.#nextRound.push(socket);
    this.#schedule();
  }

  afterFlush(done: () => void): void {
    this.#nextCallbacks.push(done);
    this.#schedule();
  }

  /** Too much waits for a socket: the next round begins at the end of the turn, or after the round that is being written. */
  hurry(): void {
    this.#inHurry = true;
    if (this.#delay === null) return;
    clearTimeout(this.#delay);
    this.#delay = null;
    setImmediate(this.#startRound);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const { flushDelayMs } = this.#options;
    if (flushDelayMs > 0 && !this.#inHurry) this.#delay = setTimeout(this.#startRound, flushDelayMs);
    else setImmediate(this.#startRound);
  }

  readonly #startRound = (): void => {
    this.#delay = null;
    this.#inHurry = false;
    this.#round = this.#nextRound;
    this.#callbacks = this.#nextCallbacks;
    this.#nextRound = [];
    this.#nextCallbacks = [];
    this.#written = 0;
    this.#options.beforeRound?.();
    this.#writeSlice();
  };

  readonly #writeSlice = (): void => {
    const round = this.#round;
    const endsAt = performance.now() + this.#options.sliceMs;
    let i = this.#written;
    while (i < round.length) {
      round[i++]?.flush();
      if (i % WRITES_PER_CLOCK_CHECK === 0 && performance.now() > endsAt) break;
    }
    this.#written = i;
    if (i < round.length) setImmediate(this.#writeSlice);
    else this.#endRound();
  };

  #endRound(): void {
    const callbacks = this.#callbacks;
    this.#round = [];
    this.#callbacks = [];
    this.root = Batch.root();
    this.#scheduled = false;
    for (const done of callbacks) done();
    if (this.#nextRound.length > 0 || this.#nextCallbacks.length > 0) this.#schedule();
  }
}
