import { type DomainEvent, type LedgerEntry, subjectOf, type Transition } from '@sluice/core';

/** The part that is let go of at the bound, in one go: a look at the front of a Map passes all that was deleted there. */
const SLICE = 0.01;

export interface DebounceOptions {
  readonly delayMs: number;
  /** How many may be held; at the bound the apps that hold more than their share let their oldest go early. */
  readonly max: number;
  /** The event was held long enough. */
  readonly letGo: (event: Transition) => void;
  /** Whether the channel or member is there; asked of what another node had held. */
  readonly isThere: (event: Transition) => boolean;
  /** Notes outside this process that an event is held; null: there is no such place. */
  readonly note: (event: Transition) => LedgerEntry | null;
}

interface Held {
  readonly event: Transition;
  readonly dueAt: number;
  readonly entry: LedgerEntry | null;
  /** Another node held it before. */
  readonly isResumed: boolean;
}

/**
 * Holds `channel_vacated` and `member_removed` for a while. If the channel or member is back in that time, neither
 * the going nor the coming is told (Pusher "Webhooks"). All are held equally long, so the order held is the order due.
 */
export class Debounce {
  readonly #options: DebounceOptions;
  readonly #held = new Map<string, Held>();
  /** How many each app holds. */
  readonly #counts = new Map<string, number>();
  /** Nothing is due before, so the front of the Map need not be looked at. */
  #notBefore = 0;

  constructor(options: DebounceOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#held.size;
  }

  /** Whether the event is to be told now. Otherwise it is held, or undoes one that was. */
  passes(event: DomainEvent, now: number): boolean {
    switch (event.type) {
      case 'channel_occupied':
      case 'member_added':
        return !this.undo(event);
      case 'channel_vacated':
      case 'member_removed':
        if (!this.#held.has(subjectOf(event))) {
          this.#hold(now, { event, entry: this.#options.note(event), isResumed: false });
        }
        return false;
      case 'client_event':
      case 'cache_miss':
      case 'subscription_count':
        return true;
    }
  }

  /** Holds, for the whole time, what another node could not hold to its end. */
  resume(event: Transition, entry: LedgerEntry, now: number): void {
    if (this.#held.has(subjectOf(event))) entry.strike();
    else this.#hold(now, { event, entry, isResumed: true });
  }

  /** Others hold these now. */
  forget(entries: ReadonlySet<LedgerEntry>): void {
    for (const [key, { event, entry }] of this.#held) {
      if (entry !== null && entries.has(entry)) this.#remove(key, event.appId);
    }
  }

  /** Lets go what is due. Called before each event, a late timer changes nothing about what is told. */
  release(now: number): void {
    if (now < this.#notBefore) return;
    for (const [key, held] of this.#held) {
      if (held.dueAt > now) {
        this.#notBefore = held.dueAt;
        return;
      }
      this.#letGo(key, held);
    }
  }

  /** Nothing is due before this; null: nothing is held. */
  nextDueAt(): number | null {
    return this.#held.size === 0 ? null : this.#notBefore;
  }

  releaseAll(): void {
    this.release(Infinity);
  }

  #hold(now: number, held: Omit<Held, 'dueAt'>): void {
    const { max, delayMs } = this.#options;
    if (this.#held.size >= max) this.#makeRoom();
    // In whole milliseconds: however many are due in one, the front of the Map is looked at once.
    const dueAt = Math.ceil(now + delayMs);
    if (this.#held.size === 0) this.#notBefore = dueAt;
    const { event } = held;
    this.#held.set(subjectOf(event), { ...held, dueAt });
    this.#counts.set(event.appId, (this.#counts.get(event.appId) ?? 0) + 1);
  }

  #makeRoom(): void {
    const { max } = this.#options;
    let left = Math.ceil(max * SLICE);
    // So low that those above it are sure to make up the slice.
    const share = (max - left) / this.#counts.size;
    for (const [key, held] of this.#held) {
      if ((this.#counts.get(held.event.appId) ?? 0) <= share) continue;
      this.#letGo(key, held);
      if (--left === 0) return;
    }
  }

  #letGo(key: string, { event, entry, isResumed }: Held): void {
    this.#remove(key, event.appId);
    // Another node may have told of the return before this one held anything.
    if (!isResumed || !this.#options.isThere(event)) this.#options.letGo(event);
    // Behind what is noted of its sending, so that there is one or the other at any moment.
    entry?.strike();
  }

  /** Whether the event is a coming, and the going that it undoes was held. */
  undo(event: Transition): boolean {
    if (event.type !== 'channel_occupied' && event.type !== 'member_added') return false;
    const key = subjectOf(event);
    const held = this.#held.get(key);
    if (held === undefined) return false;
    this.#remove(key, event.appId);
    held.entry?.strike();
    return true;
  }

  #remove(key: string, appId: string): void {
    this.#held.delete(key);
    const count = (this.#counts.get(appId) ?? 0) - 1;
    if (count > 0) this.#counts.set(appId, count);
    else this.#counts.delete(appId);
  }
}
