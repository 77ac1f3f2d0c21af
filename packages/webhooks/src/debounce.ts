import type { DomainEvent } from '@sluice/core';

export interface DebounceOptions {
  readonly delayMs: number;
  /** How many may be held; at the bound the oldest is let go early. */
  readonly max: number;
  /** The event was held long enough. */
  readonly letGo: (event: DomainEvent) => void;
}

interface Held {
  readonly event: DomainEvent;
  readonly dueAt: number;
}

/**
 * Holds `channel_vacated` and `member_removed` for a while. If the channel or member is back in that time, neither
 * the going nor the coming is told (Pusher "Webhooks"). All are held equally long, so the order held is the order due.
 */
export class Debounce {
  readonly #options: DebounceOptions;
  readonly #held = new Map<string, Held>();
  /** Nothing is due before; looking at the front of a Map costs something when much was deleted there. */
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
        return !this.#held.delete(keyOf(event));
      case 'channel_vacated':
      case 'member_removed':
        this.#hold(event, now);
        return false;
      case 'client_event':
      case 'cache_miss':
      case 'subscription_count':
        return true;
    }
  }

  /** Lets go what is due. Called before each event, a late timer changes nothing about what is told. */
  release(now: number): void {
    if (now < this.#notBefore) return;
    for (const [key, { event, dueAt }] of this.#held) {
      if (dueAt > now) {
        this.#notBefore = dueAt;
        return;
      }
      this.#held.delete(key);
      this.#options.letGo(event);
    }
  }

  /** Nothing is due before this; null: nothing is held. */
  nextDueAt(): number | null {
    return this.#held.size === 0 ? null : this.#notBefore;
  }

  releaseAll(): void {
    this.release(Infinity);
  }

  #hold(event: DomainEvent, now: number): void {
    const key = keyOf(event);
    if (this.#held.has(key)) return;
    const { max, delayMs, letGo } = this.#options;
    if (this.#held.size >= max) {
      const [oldest] = this.#held;
      if (oldest !== undefined) {
        this.#held.delete(oldest[0]);
        letGo(oldest[1].event);
      }
    }
    if (this.#held.size === 0) this.#notBefore = now + delayMs;
    this.#held.set(key, { event, dueAt: now + delayMs });
  }
}

/** The length makes the key unambiguous whatever an app's id holds; names of channels hold no space. */
function keyOf(event: DomainEvent): string {
  const channel = `${event.appId.length} ${event.appId} ${event.channel}`;
  return 'userId' in event ? `${channel} ${event.userId}` : channel;
}
