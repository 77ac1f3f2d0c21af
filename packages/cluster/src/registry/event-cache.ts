import { type KeepRequest, type KeptEvent, topicOf } from '@sluice/core';

/** What all cache channels together may keep. */
export interface CacheBounds {
  readonly maxEvents: number;
  /** Of the texts of the events. */
  readonly maxBytes: number;
}

export interface EventCacheOptions extends CacheBounds {
  readonly now: () => number;
}

interface Entry {
  readonly text: string;
  readonly bytes: number;
  readonly expiresAt: number;
}

/** What goes at a bound: one at a time would look past all that went before, each time (V8 keeps deleted places of a Map). */
const PART_TO_GO = 0.01;

/** The last event of each cache channel. Lives without subscribers, up to its time and the bounds; at a bound the oldest go. */
export class EventCache {
  readonly #options: EventCacheOptions;
  /** By app and channel, the one kept longest first (a Map keeps the order of insertion). */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(options: EventCacheOptions) {
    this.#options = options;
  }

  keep({ appId, channel, text, ttlMs }: KeepRequest): void {
    const key = topicOf(appId, channel);
    this.#forget(key);
    const bytes = Buffer.byteLength(text);
    this.#entries.set(key, { text, bytes, expiresAt: this.#options.now() + ttlMs });
    this.#bytes += bytes;
    const { maxEvents, maxBytes } = this.#options;
    if (this.#entries.size > maxEvents || this.#bytes > maxBytes) this.#makeRoom();
  }

  kept(appId: string, channel: string): KeptEvent | null {
    const key = topicOf(appId, channel);
    const entry = this.#entries.get(key);
    if (entry === undefined) return null;
    const ttlMs = entry.expiresAt - this.#options.now();
    if (ttlMs > 0) return { text: entry.text, ttlMs };
    this.#forget(key);
    return null;
  }

  #forget(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0;
    this.#entries.delete(key);
  }

  #makeRoom(): void {
    const { maxEvents, maxBytes } = this.#options;
    const events = maxEvents - Math.floor(maxEvents * PART_TO_GO);
    const bytes = maxBytes * (1 - PART_TO_GO);
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= events && this.#bytes <= bytes) return;
      this.#forget(key);
    }
  }
}
