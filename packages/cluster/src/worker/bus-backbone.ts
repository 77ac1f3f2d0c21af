import type { Backbone, OnError } from '@sluice/core';
import type { Link } from '../bus/link.ts';
import { encodeTopicMessage } from '../bus/frames.ts';
import type { PrimaryMessage, WorkerMessage } from '../bus/messages.ts';

/** Most that may wait for the primary before messages for other workers are dropped, counted and reported. */
const MAX_QUEUED_BYTES = 64 * 1024 * 1024;

/** The backbone between the workers of one node. */
export class BusBackbone implements Backbone {
  readonly #link: Link<WorkerMessage, PrimaryMessage>;
  readonly #onError: OnError;
  readonly hasPeers: boolean;
  #overflowing = false;
  #takenUp: Promise<void> | null = null;
  /** Messages dropped so far because the primary did not read. */
  dropped = 0;

  constructor(
    link: Link<WorkerMessage, PrimaryMessage>,
    options: { readonly hasPeers: boolean; readonly onError: OnError },
  ) {
    this.#link = link;
    this.hasPeers = options.hasPeers;
    this.#onError = options.onError;
  }

  join(topic: string, joined: () => void): void {
    if (this.hasPeers) this.#link.ask({ type: 'join_topic', topic }, joined);
    else joined();
  }

  leave(topic: string): void {
    if (this.hasPeers) this.#link.tell({ type: 'leave_topic', topic });
  }

  publish(topic: string, message: Uint8Array): void {
    if (this.#link.queuedBytes > MAX_QUEUED_BYTES) {
      this.dropped++;
      // Once per overflow, not per message.
      if (!this.#overflowing) this.#onError(new Error('the primary does not read the local bus'), { stage: 'publish' });
      this.#overflowing = true;
      return;
    }
    this.#overflowing = false;
    this.#link.write(encodeTopicMessage(topic, message));
  }

  takenUp(): Promise<void> | undefined {
    if (!this.hasPeers) return undefined;
    // One question for all that leaves together. In a write of its own it would wake the primary a second time.
    this.#takenUp ??= new Promise((resolve) => {
      this.#link.beforeFlush(() => {
        this.#takenUp = null;
        this.#link.ask({ type: 'taken_up' }, () => resolve());
      });
    });
    return this.#takenUp;
  }
}
