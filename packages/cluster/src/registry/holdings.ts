// HOT: once per subscription, join, leave and slot: no loop over owners where a sum is asked for.
import type { Owner, WorkerId } from './owner.ts';

/** A number that owners hold parts of, with its sums at hand. */
export class Holdings {
  readonly #parts = new Map<Owner, number>();
  #total = 0;
  #here = 0;

  get total(): number {
    return this.#total;
  }

  /** What the workers of this node hold together. */
  get here(): number {
    return this.#here;
  }

  has(owner: Owner): boolean {
    return this.#parts.has(owner);
  }

  set(owner: Owner, part: number): void {
    this.#change(owner, this.#parts.get(owner) ?? 0, part);
  }

  add(owner: Owner, more: number): void {
    const held = this.#parts.get(owner) ?? 0;
    this.#change(owner, held, held + more);
  }

  /** Takes one of an owner's part away. False if it had none. */
  take(owner: Owner): boolean {
    const held = this.#parts.get(owner);
    if (held === undefined) return false;
    this.#change(owner, held, held - 1);
    return true;
  }

  /** Takes everything of an owner away. False if it had nothing. */
  drop(owner: Owner): boolean {
    const held = this.#parts.get(owner);
    if (held === undefined) return false;
    this.#change(owner, held, 0);
    return true;
  }

  /** The workers of this node that hold a part. */
  workers(): Set<WorkerId> {
    const workers = new Set<WorkerId>();
    for (const owner of this.#parts.keys()) if (typeof owner === 'number') workers.add(owner);
    return workers;
  }

  #change(owner: Owner, from: number, to: number): void {
    if (to > 0) this.#parts.set(owner, to);
    else this.#parts.delete(owner);
    this.#total += to - from;
    if (typeof owner === 'number') this.#here += to - from;
  }
}
