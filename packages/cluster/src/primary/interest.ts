/** Where messages of other nodes come from. */
export interface Subscriber {
  /** `joined`: everything that other nodes publish from now on will come. */
  join(topic: string, joined: () => void): void;
  leave(topic: string): void;
}

/** What this node wants to hear from others: each topic once, however many workers want it, and who waits until it is joined. */
export class Interest {
  readonly #others: Subscriber | null;
  /** By topic: who waits; null where it is joined. */
  readonly #waiting = new Map<string, (() => void)[] | null>();

  constructor(others: Subscriber | null) {
    this.#others = others;
  }

  join(topic: string, joined: () => void): void {
    const waiting = this.#waiting.get(topic);
    if (this.#others === null || waiting === null) {
      joined();
    } else if (waiting !== undefined) {
      waiting.push(joined);
    } else {
      const first = [joined];
      this.#waiting.set(topic, first);
      this.#others.join(topic, () => {
        // Left meanwhile, and perhaps joined again: those who wait now have an answer of their own coming.
        if (this.#waiting.get(topic) === first) this.#waiting.set(topic, null);
        for (const each of first) each();
      });
    }
  }

  /** Nobody wants the topic any more. Who still waits gets an answer all the same: questions may not stay open. */
  leave(topic: string): void {
    const waiting = this.#waiting.get(topic);
    if (!this.#waiting.delete(topic)) return;
    this.#others?.leave(topic);
    for (const each of waiting ?? []) each();
  }
}
