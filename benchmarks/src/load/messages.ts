import type { Algorithm } from '@sluice/delta';

import type { Endpoint } from '../endpoint.ts';
import type { HistogramSnapshot } from '../histogram.ts';
import type { Content } from './content.ts';
import type { Accepted } from './dealing.ts';

export interface OpenArgs {
  readonly endpoint: Endpoint;
  /** The clients are dealt to them in turn. Names of the same length: it is by their size that messages are told apart. */
  readonly channels: readonly string[];
  readonly count: number;
  /** Handshakes under way at a time. */
  readonly concurrency: number;
  /** Number of the first socket in the whole run: decides its source address. */
  readonly firstSocket: number;
  readonly wish?: Wish;
}

/** What the clients ask for beside their channel. */
export interface Wish {
  readonly delta?: Algorithm;
  /** Deltas as binary messages instead of JSON. */
  readonly binary?: boolean;
  /** Each gets every so many-th message, by a filter; the filters are dealt to the clients in turn. */
  readonly filters?: number;
  /** `stamps` if left out. Deltas hide the stamps, and traces have none. */
  readonly listening?: 'stamps' | 'count' | 'decode';
}

export interface Opened {
  readonly subscribed: number;
  /** Why the others are not, and how many. */
  readonly errors: ReadonlyMap<string, number>;
  /** From the start of the TCP connection to `subscription_succeeded`, in microseconds. */
  readonly latency: HistogramSnapshot;
  readonly startedAtMicros: number;
  readonly endedAtMicros: number;
}

export interface PublishArgs {
  /** The publishers are dealt to them in turn. */
  readonly endpoints: readonly Endpoint[];
  /** The publishers are dealt to them in turn. */
  readonly channels: readonly string[];
  readonly publishers: number;
  readonly durationMs: number;
  /** Publishes a second over all publishers; `null`: each sends its next as soon as the last is answered. */
  readonly rate: number | null;
  /** Stamped data if left out. */
  readonly content?: Content;
}

export interface Published {
  /** Messages answered with 200, by publisher. */
  readonly accepted: readonly number[];
  readonly refused: number;
  /** Messages of a steady rate that were never sent, because the server was too far behind. */
  readonly unsent: number;
  /** From request to answer, in microseconds. */
  readonly latency: HistogramSnapshot;
  readonly startedAtMicros: number;
  readonly endedAtMicros: number;
}

export interface Settled {
  /** What all accepted messages make, each for the subscribers of its channel. */
  readonly expected: number;
  readonly deliveries: number;
  /** Read from the sockets of all subscribers, those of other channels too, which hear nothing but pings. */
  readonly bytes: number;
  readonly skipped: number;
  readonly repeated: number;
  readonly foreign: number;
  /** Accepted messages that some subscriber has not got, and messages that some got although not accepted. */
  readonly missing: number;
  readonly surplus: number;
  readonly ended: ReadonlyMap<string, number>;
  readonly lastAtMicros: number;
  /** From the publisher's stamp to the subscriber's read, in microseconds. */
  readonly latency: HistogramSnapshot;
  /** Of the texts that clients who decode have got, in order; one for each of them that heard something. */
  readonly digests: readonly string[];
}

export interface ChurnArgs {
  readonly endpoint: Endpoint;
  readonly channels: readonly string[];
  readonly clients: number;
  readonly durationMs: number;
}

export interface Churned {
  /** Connections, each with all of its subscriptions, from its start to its end. */
  readonly lives: number;
  readonly subscriptions: number;
  /** Why clients gave up, and how many. */
  readonly errors: ReadonlyMap<string, number>;
  /** From `subscribe` to `subscription_succeeded`, in microseconds. */
  readonly latency: HistogramSnapshot;
  readonly startedAtMicros: number;
  readonly endedAtMicros: number;
}

/** What the parent asks of a load process. */
export interface Calls {
  open: { readonly args: OpenArgs; readonly result: Opened };
  /** Forgets what was counted; `publishers` will number their messages from 0. */
  reset: { readonly args: { readonly publishers: number }; readonly result: null };
  publish: { readonly args: PublishArgs; readonly result: Published };
  /** Waits until every subscriber has every accepted message, or nothing comes any more. */
  settle: { readonly args: Accepted; readonly result: Settled };
  /** The first so many subscribers read no more, and are counted no more. */
  stopReading: { readonly args: { readonly count: number }; readonly result: null };
  churn: { readonly args: ChurnArgs; readonly result: Churned };
  close: { readonly args: null; readonly result: null };
}

export type CallName = keyof Calls;

export type Request = {
  [Name in CallName]: { readonly id: number; readonly call: Name; readonly args: Calls[Name]['args'] };
}[CallName];

export type Reply =
  | { readonly id: number; readonly result: Calls[CallName]['result'] }
  | { readonly id: number; readonly error: string };
