/** NATS ends a connection over a subject that is, with what is around it, longer than its control line of 4 KB. */
export const MAX_TOPIC_BYTES = 512;

/**
 * Carries opaque messages between nodes: Redis or NATS behind one door. A topic is a name of at most {@link MAX_TOPIC_BYTES} of UTF-8.
 *
 * MUST keep the order of one node's messages on one topic while a connection lasts, and MUST NOT mix messages up or hand out
 * part of one. MAY lose messages when a connection breaks, and MAY hand a node its own messages back: numbering, repair and
 * telling origins apart are the gateway's business (packages/cluster). MUST reconnect by itself, with the topics it had.
 * Deliberately not here: who the nodes are, and what a message means.
 */
export interface Backplane {
  /** Connects. Rejects with a {@link ConnectionError}, where that fails the first time; from then on it retries by itself. */
  start(events: BackplaneEvents): Promise<void>;
  /**
   * Hands a message to the transport. `confirmed` is called when the transport has taken it over, for each topic in the order
   * of the calls; never for one that a broken connection may have lost. MUST NOT block or throw; without a connection it does
   * nothing. One that the transport turns down, though the connection stands, ends in `disconnected` too.
   */
  publish(topic: string, message: Uint8Array, confirmed: () => void): void;
  /**
   * `joined` is called when every message published from then on, by anybody, will come while the connection lasts; after a
   * loss, when that holds again. A topic that was left meanwhile may or may not be told. Not before `start` has resolved.
   */
  join(topic: string, joined: () => void): void;
  leave(topic: string): void;
  /**
   * Sends what was handed over and lets go; what a transport that does not answer has not taken in time is lost. Nothing is
   * handed out any more once it resolves.
   */
  close(): Promise<void>;
}

/** The transport between the nodes cannot be reached. The message is for the operator: where, and why. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

/** What a backplane tells the gateway. */
export interface BackplaneEvents {
  /** `message` is only lent: whoever keeps it beyond the call copies it. */
  message(topic: string, message: Buffer): void;
  /** The connection is there, again or for the first time, and all topics joined before are joined in it. */
  connected(): void;
  /** The connection is gone; what was under way may be lost. Called once for each `connected`. */
  disconnected(reason: string): void;
}
