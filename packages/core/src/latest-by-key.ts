import type { Kept } from '@sluice/delta';
import type { Frame, Transport } from './ports/index.ts';
import type { Subscription } from './subscription.ts';

/** Keys that may wait for one slow client, and the bytes of their messages; what is beyond goes to its queue as if it had no key. */
const MAX_KEYS = 1000;
const MAX_BYTES = 4 * 1024 * 1024;

/** A message for one client: what it is written, and what it holds afterwards. */
export interface Latest {
  readonly subscription: Subscription;
  readonly frame: Frame;
  /** Where the subscription takes deltas: what the frame makes it hold; `undefined` for nothing. */
  readonly kept?: Kept | undefined;
}

/** Sends it at last. */
export function give(transport: Transport, { subscription, frame, kept }: Latest): void {
  if (transport.send(frame) && kept !== undefined) subscription.delta?.hold(kept.track, kept.sequence);
}

/** What a client that reads too slowly is still to get: of each conflation key of a channel the newest message. */
export class LatestByKey {
  /** In the order in which the keys began to wait. */
  readonly #waiting = new Map<string, Latest>();
  #bytes = 0;

  /** Whether it waits from now on, alone or in place of an older one. `full`: it does not, and the older one is superseded. */
  put(key: string, latest: Latest): 'added' | 'replaced' | 'full' {
    const name = nameOf(key, latest);
    const older = this.#waiting.get(name);
    const bytes = this.#bytes + latest.frame.payload.length - (older?.frame.payload.length ?? 0);
    if (bytes > MAX_BYTES || (older === undefined && this.#waiting.size >= MAX_KEYS)) {
      this.#forget(name, older);
      return 'full';
    }
    this.#waiting.set(name, latest);
    this.#bytes = bytes;
    return older === undefined ? 'added' : 'replaced';
  }

  /** Gives the client what waits, until it is too slow again. */
  flush(transport: Transport): void {
    for (const [name, latest] of this.#waiting) {
      if (transport.slow) return;
      this.#forget(name, latest);
      if (latest.subscription.state === 'active') give(transport, latest);
    }
  }

  #forget(name: string, latest: Latest | undefined): void {
    if (latest === undefined) return;
    this.#waiting.delete(name);
    this.#bytes -= latest.frame.payload.length;
  }
}

/** No channel name has a space. */
function nameOf(key: string, { subscription }: Latest): string {
  return `${subscription.channel.name.raw} ${key}`;
}
