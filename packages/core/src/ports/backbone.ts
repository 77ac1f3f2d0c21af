/**
 * Moves opaque messages between workers, of one node and of several. A topic is a channel of an app.
 *
 * MUST keep the order of one member's messages on one topic. MUST NOT hand a member its own messages back.
 * MUST call `joined` only when every message published from then on, by anybody, will be delivered here;
 * it may do so before `join` returns. MUST NOT block: at its bound a backbone drops, counts and reports.
 * Deliberately not here: what a message means, and any question with an answer (that is {@link Registry}).
 */
export interface Backbone {
  /** False while nobody else could want a message, so that the caller need not encode one. */
  readonly hasPeers: boolean;
  join(topic: string, joined: () => void): void;
  leave(topic: string): void;
  publish(topic: string, message: Uint8Array): void;
  /**
   * Resolves when everything published here since the last such question has been taken up by all who want it; `undefined`
   * if there is nothing.
   * Whoever publishes something after that, anywhere, comes after it for every subscriber. A member that does not
   * answer in time is not waited for.
   */
  takenUp(): Promise<void> | undefined;
}

/** What a backbone calls with each message of a topic that was joined here. */
export type Deliver = (message: Uint8Array) => void;
