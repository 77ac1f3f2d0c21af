import type { KeepRequest, KeptEvent } from '@sluice/core';

export interface EventCacheOptions {
  /** Events kept at the most; the oldest goes first. */
  readonly maxEvents: number;
  readonly now: () => number;
}

interface Entry {
  readonly text: string;
  readonly expiresAt: number;
}

/** The last event of each cache channel. Lives without subscribers, up to its time and the bound. */
export class EventCache {
  readonly #options: EventCacheOptions;
  /** By app and channel, the one kept longest first (a Map keeps the order of insertion). */
  readonly #entries = new Map<string, Entry>();

  constructor(options: EventCacheOptions) {
    this.#options = options;
  }

  keep({ appId, channel, text, ttlMs }: KeepRequest): void {
    const key = keyOf(appId, channel);
    this.#entries.delete(key);
    this.#entries.set(key, { text, expiresAt: this.#options.now() + ttlMs });
    if (this.#entries.size <= this.#options.maxEvents) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  kept(appId: string, channel: string): KeptEvent | null {
    const key = keyOf(appId, channel);
    const entry = this.#entries.get(key);
    if (entry === undefined) return null;
    const ttlMs = entry.expiresAt - this.#options.now();
    if (ttlMs > 0) return { text: entry.text, ttlMs };
    this.#entries.delete(key);
    return null;
  }
}

function keyOf(appId: string, channel: string): string {
  return `${appId}:${channel}`;
}
