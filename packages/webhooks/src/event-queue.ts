import type { EventType, LedgerEntry } from '@sluice/core';

export interface QueuedEvent {
  readonly type: EventType;
  /** As JSON. */
  readonly text: string;
  /** Of the text, in UTF-8. */
  readonly bytes: number;
  /** When it came up, or its hold was over, in milliseconds since 1970. */
  readonly timeMs: number;
  /** The same moment on the monotonic clock. */
  readonly at: number;
  /** Where it is noted outside this process; null: nowhere. */
  readonly entry: LedgerEntry | null;
}

const COMPACT_AT = 1024;

/** First in, first out; taking is as cheap from a long queue as from a short one. */
export class EventQueue {
  #events: (QueuedEvent | undefined)[] = [];
  #head = 0;
  #bytes = 0;

  get size(): number {
    return this.#events.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get first(): QueuedEvent | undefined {
    return this.#events[this.#head];
  }

  push(event: QueuedEvent): void {
    this.#events.push(event);
    this.#bytes += event.bytes;
  }

  /** Puts events that were taken back to the front. */
  putBack(events: readonly QueuedEvent[]): void {
    // No list of arguments: the engine's stack holds some 100,000.
    this.#events = [...events, ...this.#events.slice(this.#head)];
    this.#head = 0;
    for (const { bytes } of events) this.#bytes += bytes;
  }

  /** Takes at most `count`, and no more than `maxBytes` unless the first alone is larger. */
  take(count: number, maxBytes: number): QueuedEvent[] {
    let bytes = 0;
    let taken = 0;
    return this.takeWhile((event) => ++taken <= count && ((bytes += event.bytes) <= maxBytes || taken === 1));
  }

  takeAll(): QueuedEvent[] {
    return this.takeWhile(() => true);
  }

  /** Takes those of the whole queue for which the condition holds. */
  takeWhere(condition: (event: QueuedEvent) => boolean): QueuedEvent[] {
    const all = this.takeAll();
    this.putBack(all.filter((event) => !condition(event)));
    return all.filter(condition);
  }

  /** Takes from the front as long as the condition holds. */
  takeWhile(condition: (event: QueuedEvent) => boolean): QueuedEvent[] {
    const taken: QueuedEvent[] = [];
    for (let event = this.first; event !== undefined && condition(event); event = this.first) {
      taken.push(event);
      this.#bytes -= event.bytes;
      // Else a queue that rests would keep what it gave away.
      this.#events[this.#head++] = undefined;
    }
    this.#compact();
    return taken;
  }

  #compact(): void {
    if (this.size > 0 && (this.#head < COMPACT_AT || this.#head * 2 < this.#events.length)) return;
    this.#events = this.#events.slice(this.#head);
    this.#head = 0;
  }
}
