import type { Message } from './message.ts';

export interface ConflationWindowOptions {
  readonly intervalMs: number;
  /** Keys that may wait; with one more, the one that waits longest is sent before its time. */
  readonly maxKeys: number;
  readonly send: (message: Message) => void;
  /** A message gave way to a newer one of its key. */
  readonly conflated: () => void;
}

/**
 * `conflation_interval_ms` of one channel: of each key at most one message in an interval, always the newest. The first after
 * a pause goes out at once and opens a window; what comes in the window goes out at its end, which opens the next. So the last
 * value of a key waits for one interval at most.
 */
export class ConflationWindow {
  readonly #options: ConflationWindowOptions;
  /** By key; null while no window is open. */
  #waiting: Map<string, Message> | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ConflationWindowOptions) {
    this.#options = options;
  }

  /** True: to be sent now. False: it waits, or a newer one will be sent in its place. */
  admits(message: Message): boolean {
    if (this.#waiting === null) {
      this.#open();
      return true;
    }
    if (this.#waiting.has(message.key)) this.#options.conflated();
    else if (this.#waiting.size >= this.#options.maxKeys) this.#sendOldest(this.#waiting);
    this.#waiting.set(message.key, message);
    return false;
  }

  /** Nobody is there any more to get what waits. */
  close(): void {
    clearTimeout(this.#timer);
    this.#waiting = null;
  }

  #open(): void {
    this.#waiting = new Map();
    this.#timer = setTimeout(this.#end, this.#options.intervalMs);
  }

  readonly #end = (): void => {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null || waiting.size === 0) return;
    this.#open();
    for (const message of waiting.values()) this.#options.send(message);
  };

  #sendOldest(waiting: Map<string, Message>): void {
    for (const [key, message] of waiting) {
      waiting.delete(key);
      this.#options.send(message);
      return;
    }
  }
}
