import type { AppSpace } from './app-space.ts';
import type { Channel } from './channel.ts';
import type { Connection } from './connection.ts';
import { signOut } from './handlers/sign-in.ts';
import { endSubscription, reportCount } from './handlers/unsubscribe.ts';
import type { Hub } from './hub.ts';

/** Longest stretch of work before others get their turn. A connection with thousands of channels may take longer by itself. */
const SLICE_MS = 5;

/**
 * Takes connections that have gone out of their channels. The first few of a turn at once, so that nothing is late by
 * day; of ten thousand that go together a slice at a time, so that nobody else waits for them. Until its turn comes, a
 * connection is still in its channels, and what it is sent there goes nowhere.
 */
export class Departures {
  readonly #hub: Hub;
  #queue: Connection[] = [];
  /** How many of the queue are done. */
  #done = 0;
  /** Taken out in this turn. */
  #taken = 0;
  #isScheduled = false;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  add(connection: Connection): void {
    this.#schedule();
    if (this.#queue.length === 0 && this.#taken < this.#hub.options.departuresPerSlice) {
      this.#taken++;
      const counts = new ChangedCounts();
      this.#takeOut(connection, counts);
      counts.report(this.#hub);
    } else {
      this.#queue.push(connection);
    }
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#isScheduled = false;
    this.#taken = 0;
    if (this.#queue.length > 0) this.#slice();
  };

  #slice(): void {
    const { clock } = this.#hub.ports;
    const endsAt = clock.monotonic() + SLICE_MS;
    const counts = new ChangedCounts();
    while (this.#taken < this.#hub.options.departuresPerSlice && clock.monotonic() < endsAt) {
      const connection = this.#queue[this.#done];
      if (connection === undefined) break;
      this.#done++;
      this.#taken++;
      this.#takeOut(connection, counts);
    }
    counts.report(this.#hub);
    if (this.#done === this.#queue.length) {
      this.#queue = [];
      this.#done = 0;
    } else {
      this.#schedule();
    }
  }

  #takeOut(connection: Connection, counts: ChangedCounts): void {
    const { space, subscriptions, user } = connection;
    for (const subscription of subscriptions.values()) {
      if (subscription.state === 'active') counts.add(space, subscription.channel);
      endSubscription(this.#hub, connection, subscription);
    }
    subscriptions.clear();
    if (user !== null) signOut(this.#hub, connection, user.id);
  }
}

/** Channels that lost subscribers in one slice: the primary is told of each once, not of every connection. */
class ChangedCounts {
  readonly #spaces = new Map<Channel, AppSpace>();

  add(space: AppSpace, channel: Channel): void {
    this.#spaces.set(channel, space);
  }

  report(hub: Hub): void {
    for (const [channel, space] of this.#spaces) reportCount(hub, space, channel);
  }
}
