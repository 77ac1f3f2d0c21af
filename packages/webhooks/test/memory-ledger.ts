import type { Ledger, LedgerEntry, LedgerEvents } from '@sluice/core';

/** A ledger that tests can look into, and whose nodes die when they say so. Writes at once. */
export class MemoryLedger implements Ledger {
  unsaved = 0;
  /** What `close` says was noted nowhere. */
  lostAtEnd = 0;
  isClosed = false;
  inherits = false;
  readonly #entries = new Map<LedgerEntry, () => string>();
  #events: LedgerEvents | null = null;

  open(events: LedgerEvents): Promise<void> {
    this.#events = events;
    return Promise.resolve();
  }

  inherit(): void {
    this.inherits = true;
  }

  note(text: () => string): LedgerEntry {
    const entry = { strike: () => void this.#entries.delete(entry) };
    this.#entries.set(entry, text);
    return entry;
  }

  close(): Promise<number> {
    this.isClosed = true;
    return Promise.resolve(this.lostAtEnd);
  }

  /** What is noted, in order. */
  get texts(): string[] {
    return [...this.#entries.values()].map((text) => text());
  }

  get entries(): ReadonlySet<LedgerEntry> {
    return new Set(this.#entries.keys());
  }

  get events(): LedgerEvents {
    if (this.#events === null) throw new Error('the ledger is not open');
    return this.#events;
  }

  /** As from a node that died. Returns what there was no room for. */
  takeOver(texts: readonly string[]): string[] {
    const entries = texts.map((text) => ({ entry: this.note(() => text), text }));
    const left = entries.slice(this.events.inherited(entries));
    for (const { entry } of left) this.#entries.delete(entry);
    return left.map(({ text }) => text);
  }
}
