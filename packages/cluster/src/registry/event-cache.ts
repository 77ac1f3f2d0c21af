import { type KeepRequest, type KeptEvent, topicOf } from '@sluice/core';
import { type Bound, forgetOldest } from '../oldest.ts';
import type { NodeId } from './owner.ts';

/** What all cache channels together may keep. */
export interface CacheBounds {
  readonly maxEvents: number;
  /** Of the texts of the events and of their tags. */
  readonly maxBytes: number;
}

export interface EventCacheOptions extends CacheBounds {
  readonly now: () => number;
}

/**
 * Which of two events of a channel is the later one, equal on all nodes whatever the order in which they hear of them:
 * the one with the higher clock (one more than any that its node had heard of), or of the higher node.
 */
export interface KeepStamp {
  readonly clock: number;
  readonly node: NodeId;
}

export type StampedEvent = KeepRequest & KeepStamp;

interface Entry extends KeepStamp {
  readonly appId: string;
  readonly channel: string;
  readonly text: string;
  readonly tagsJson: string;
  readonly bytes: number;
  readonly expiresAt: number;
}

/** The last event of each cache channel. Lives without subscribers, up to its time and the bounds; at a bound the oldest go. */
export class EventCache {
  readonly #options: EventCacheOptions;
  /** By app and channel, the one kept longest first (a Map keeps the order of insertion). */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  /** The highest that any event had. */
  #clock = 0;

  constructor(options: EventCacheOptions) {
    this.#options = options;
  }

  /** Keeps an event that came about on this node; returns its stamp. */
  keep(request: KeepRequest, node: NodeId = ''): KeepStamp {
    const stamp = { clock: this.#clock + 1, node };
    this.merge({ ...request, ...stamp });
    return stamp;
  }

  /** Keeps an event, wherever it came about, unless a later one is there. */
  merge({ appId, channel, text, tagsJson, ttlMs, clock, node }: StampedEvent): void {
    this.#clock = Math.max(this.#clock, clock);
    const key = topicOf(appId, channel);
    const there = this.#entries.get(key);
    if (there !== undefined && (there.clock > clock || (there.clock === clock && there.node >= node))) return;
    this.#forget(key);
    const bytes = Buffer.byteLength(text) + Buffer.byteLength(tagsJson);
    const expiresAt = this.#options.now() + ttlMs;
    this.#entries.set(key, { appId, channel, text, tagsJson, bytes, expiresAt, clock, node });
    this.#bytes += bytes;
    const { maxEvents, maxBytes } = this.#options;
    if (this.#entries.size > maxEvents) this.#makeRoom({ max: maxEvents, size: () => this.#entries.size });
    if (this.#bytes > maxBytes) this.#makeRoom({ max: maxBytes, size: () => this.#bytes });
  }

  kept(appId: string, channel: string): KeptEvent | null {
    const key = topicOf(appId, channel);
    const entry = this.#entries.get(key);
    if (entry === undefined) return null;
    const ttlMs = entry.expiresAt - this.#options.now();
    if (ttlMs > 0) return { text: entry.text, tagsJson: entry.tagsJson, ttlMs };
    this.#forget(key);
    return null;
  }

  /** All that are kept, the one kept longest first. */
  *events(): Iterable<StampedEvent> {
    const now = this.#options.now();
    // A list, since whoever takes his time over them would never come to an end: what is kept meanwhile is put behind the last.
    for (const { appId, channel, text, tagsJson, expiresAt, clock, node } of [...this.#entries.values()]) {
      if (expiresAt > now) yield { appId, channel, text, tagsJson, ttlMs: expiresAt - now, clock, node };
    }
  }

  #forget(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0;
    this.#entries.delete(key);
  }

  #makeRoom(bound: Bound): void {
    forgetOldest(this.#entries.keys(), bound, (key) => this.#forget(key));
  }
}
