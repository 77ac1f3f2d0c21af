import { type SubscriptionCount, topicOf } from '@sluice/core';

export interface CountAnnouncerOptions {
  readonly announce: (event: SubscriptionCount) => void;
  /** The number of subscribers now; 0 for a channel that has gone. */
  readonly current: (channel: Omit<SubscriptionCount, 'count'>) => number;
}

/** Above so many subscribers changes are told at most every so often (Pusher "Subscription count events"). */
const LARGE = 100;
const LARGE_INTERVAL_MS = 5000;

/** Tells subscribers how many they are: at each change, of large channels every few seconds while it changes. */
export class CountAnnouncer {
  readonly #options: CountAnnouncerOptions;
  /** Large channels told within the interval, and the number they were told. */
  readonly #recent = new Map<string, number>();

  constructor(options: CountAnnouncerOptions) {
    this.#options = options;
  }

  changed(event: SubscriptionCount): void {
    const key = topicOf(event.appId, event.channel);
    if (this.#recent.has(key)) return;
    if (event.count > 0) this.#options.announce(event);
    if (event.count > LARGE) this.#rest(key, event);
  }

  #rest(key: string, event: SubscriptionCount): void {
    this.#recent.set(key, event.count);
    const wake = (): void => {
      this.#recent.delete(key);
      const count = this.#options.current(event);
      if (count !== event.count) this.changed({ ...event, count });
    };
    setTimeout(wake, LARGE_INTERVAL_MS).unref();
  }
}
