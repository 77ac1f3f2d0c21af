import type { EventType } from '@sluice/core';

export interface QueuedEvent {
  readonly type: EventType;
  /** As JSON. */
  readonly text: string;
  /** When it came up, in milliseconds since 1970. */
  readonly timeMs: number;
  /** The same moment on the monotonic clock. */
  readonly at: number;
}

const COMPACT_AT = 1024;

/** First in, first out; taking is as cheap from a long queue as from a short one. */
export class EventQueue {
  #events: QueuedEvent[] = [];
  #head = 0;

  get size(): number {
    return this.#events.length - this.#head;
  }

  get first(): QueuedEvent | undefined {
    return this.#events[this.#head];
  }

  push(event: QueuedEvent): void {
    this.#events.push(event);
  }

  /** Takes at most `count`. */
  take(count: number): QueuedEvent[] {
    const taken = this.#events.slice(this.#head, this.#head + count);
    this.#advance(taken.length);
    return taken;
  }

  /** Takes from the front as long as the condition holds. */
  takeWhile(condition: (event: QueuedEvent) => boolean): QueuedEvent[] {
    let count = 0;
    for (; count < this.size; count++) {
      const event = this.#events[this.#head + count];
      if (event === undefined || !condition(event)) break;
    }
    return this.take(count);
  }

  #advance(count: number): void {
    this.#head += count;
    if (this.#head < COMPACT_AT || this.#head * 2 < this.#events.length) return;
    this.#events = this.#events.slice(this.#head);
    this.#head = 0;
  }
}
