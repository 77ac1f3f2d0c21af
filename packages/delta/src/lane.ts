/** What a lane carries: ready at once, or once its promise has resolved. */
export interface LaneItem {
  /** Delivered as it is if this rejects. */
  readonly settled: Promise<void> | undefined;
}

/** `hurried`: too much waits already; do nothing that takes long. */
export type Pace = 'calm' | 'hurried';

export interface LaneEntry<Item extends LaneItem> {
  /** Called when everything before it has been delivered. */
  readonly start: (pace: Pace) => Item;
  readonly deliver: (item: Item) => void;
}

export interface LaneOptions {
  /** Entries that may wait behind the one that is under way. With one more, all go out as they are. */
  readonly maxWaiting: number;
  /** Told of what went wrong when no caller was there any more to be told. */
  readonly onError: (error: unknown) => void;
}

/**
 * Keeps the order of a channel: an entry starts when the one before it was delivered, and is delivered when it has settled.
 * With nothing under way an entry that is ready at once is delivered before `add` returns.
 */
export class Lane<Item extends LaneItem> {
  readonly #options: LaneOptions;
  #waiting: LaneEntry<Item>[] = [];
  /** What is under way: started, and not delivered. */
  #current: { readonly item: Item; readonly entry: LaneEntry<Item> } | undefined;
  #busy = false;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** True while something waits, so that whatever must not overtake it has to be added too. */
  get occupied(): boolean {
    return this.#busy;
  }

  add(entry: LaneEntry<Item>): void {
    if (!this.#busy) {
      this.#busy = true;
      try {
        this.#run(entry, 'calm');
      } finally {
        if (this.#current === undefined) this.#drain('calm');
      }
      return;
    }
    this.#waiting.push(entry);
    if (this.#waiting.length > this.#options.maxWaiting && this.#current !== undefined) this.#shed();
  }

  /** Starts an entry, and delivers it if it is ready. */
  #run(entry: LaneEntry<Item>, pace: Pace): void {
    const item = entry.start(pace);
    if (item.settled === undefined || pace === 'hurried') {
      entry.deliver(item);
      return;
    }
    const current = { item, entry };
    this.#current = current;
    void item.settled.catch(this.#options.onError).then(() => {
      // What was shed has been delivered already.
      if (this.#current !== current) return;
      this.#deliverCurrent();
      this.#drain('calm');
    });
  }

  #shed(): void {
    this.#deliverCurrent();
    this.#drain('hurried');
  }

  #deliverCurrent(): void {
    const current = this.#current;
    this.#current = undefined;
    if (current !== undefined) this.#guarded(() => current.entry.deliver(current.item));
  }

  /** Goes on until something has to be waited for. */
  #drain(pace: Pace): void {
    for (;;) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      this.#guarded(() => this.#run(next, pace));
      if (this.#current !== undefined) return;
    }
    this.#busy = false;
  }

  #guarded(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#options.onError(error);
    }
  }
}
