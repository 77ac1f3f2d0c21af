import { subjectOf, type Transition } from '@sluice/core';

/** At the bound the older half goes. */
const MAX_TOLD = 20_000;

/** The last transition told of each channel and member, for at least a while. Where nothing more is told, nothing is forgotten. */
export class RecentlyTold {
  readonly #keepMs: number;
  /** Two generations: nothing has to be looked for in front of a Map, where V8 keeps the places of what was deleted. */
  #newer = new Map<string, Transition>();
  #older = new Map<string, Transition>();
  #since = 0;

  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  add(transition: Transition, now: number): void {
    if (now - this.#since > this.#keepMs || this.#newer.size >= MAX_TOLD / 2) {
      this.#older = this.#newer;
      this.#newer = new Map();
      this.#since = now;
    }
    this.#newer.set(subjectOf(transition), transition);
  }

  /** Whether that was the last of its channel or member. */
  has(transition: Transition): boolean {
    return this.#last(transition)?.type === transition.type;
  }

  /** Whether anything was told of its channel or member. */
  knows(transition: Transition): boolean {
    return this.#last(transition) !== undefined;
  }

  /** Another node has told what came after it. */
  forget(transition: Transition): void {
    const subject = subjectOf(transition);
    this.#newer.delete(subject);
    this.#older.delete(subject);
  }

  clear(): void {
    this.#newer.clear();
    this.#older.clear();
  }

  /** The later one of the same channel or member comes later. */
  *transitions(): Iterable<Transition> {
    yield* this.#older.values();
    yield* this.#newer.values();
  }

  #last(transition: Transition): Transition | undefined {
    const subject = subjectOf(transition);
    return this.#newer.get(subject) ?? this.#older.get(subject);
  }
}
