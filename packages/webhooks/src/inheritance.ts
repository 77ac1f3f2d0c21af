import type { InheritedEntry, LedgerEntry, LedgerEvents } from '@sluice/core';
import type { Debounce } from './debounce.ts';
import type { Endpoint } from './endpoint.ts';
import type { Endpoints } from './endpoints.ts';
import type { WebhookCounters, WebhooksOptions } from './options.ts';
import { type OwedEvent, parseEntry } from './owed.ts';

export interface InheritanceOptions extends Pick<WebhooksOptions, 'findApp' | 'isThere' | 'clock' | 'log'> {
  readonly endpoints: Endpoints;
  readonly debounce: Debounce;
  readonly counters: WebhookCounters;
  /** Something is held. */
  readonly onHold: () => void;
}

/** nobodys: there is no such app or endpoint. no_room: its endpoint has as much as it may have. */
type Fate = 'taken' | 'nobodys' | 'no_room';

/** Takes up what nodes that died have left, and lets go of what others took from this one. */
export class Inheritance implements LedgerEvents {
  readonly #options: InheritanceOptions;

  constructor(options: InheritanceOptions) {
    this.#options = options;
  }

  inherited(entries: readonly InheritedEntry[]): number {
    const { counters, log, onHold } = this.#options;
    let count = 0;
    let dropped = 0;
    for (const { entry, text } of entries) {
      const fate = this.#takeUp({ entry, text });
      if (fate === 'no_room') break;
      count++;
      if (fate === 'taken') continue;
      entry.strike();
      dropped++;
    }
    if (count === 0) return 0;
    counters.inherited += count - dropped;
    counters.dropped += dropped;
    onHold();
    log.info('webhook events of a node that is no more were taken over', { count });
    if (dropped > 0) {
      log.warn('webhook events of a node that is no more were dropped: this node has no such app or webhook', {
        count: dropped,
      });
    }
    return count;
  }

  lost(entries: ReadonlySet<LedgerEntry>): void {
    this.#options.debounce.forget(entries);
    for (const endpoint of this.#options.endpoints.all()) endpoint.forget(entries);
  }

  reached(): void {
    this.#options.log.info('what webhooks owe is noted outside this process again');
  }

  unreachable(reason: string): void {
    this.#options.log.warn('what webhooks owe is known to this process alone until it can be noted', { reason });
  }

  #takeUp({ entry, text }: InheritedEntry): Fate {
    const owed = parseEntry(text);
    if (owed === undefined) return 'nobodys';
    const { debounce, findApp, isThere, clock } = this.#options;
    if (owed.kind === 'going') {
      if (findApp(owed.going.appId) === undefined) return 'nobodys';
      // Who has come back meanwhile was told of already, and the going would come behind it.
      if (isThere(owed.going)) entry.strike();
      else debounce.resume(owed.going, entry, clock.monotonic());
      return 'taken';
    }
    const endpoint = this.#endpointOf(owed);
    if (endpoint === undefined) return 'nobodys';
    if (endpoint.isFull) return 'no_room';
    // From now on it has as much time as any other.
    endpoint.push({ ...owed.event, bytes: Buffer.byteLength(owed.event.text), at: clock.monotonic(), entry });
    return 'taken';
  }

  #endpointOf({ appId, endpoint: name }: OwedEvent): Endpoint | undefined {
    const app = this.#options.findApp(appId);
    if (app === undefined) return undefined;
    return [...this.#options.endpoints.of(app)].find(({ owner }) => owner.name === name);
  }
}
