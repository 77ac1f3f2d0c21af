import type { Endpoint } from '../endpoint.ts';
import type { HistogramSnapshot } from '../histogram.ts';

export interface OpenArgs {
  readonly endpoint: Endpoint;
  readonly channel: string;
  readonly count: number;
  /** Handshakes under way at a time. */
  readonly concurrency: number;
  /** Number of the first socket in the whole run: decides its source address. */
  readonly firstSocket: number;
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
  readonly endpoint: Endpoint;
  readonly channel: string;
  readonly publishers: number;
  readonly durationMs: number;
  /** Publishes a second over all publishers; `null`: each sends its next as soon as the last is answered. */
  readonly rate: number | null;
}

export interface Published {
  /** Messages answered with 200, by publisher. */
  readonly accepted: readonly number[];
  readonly refused: number;
  /** From request to answer, in microseconds. */
  readonly latency: HistogramSnapshot;
  readonly startedAtMicros: number;
  readonly endedAtMicros: number;
}

export interface Settled {
  readonly deliveries: number;
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
}

/** What the parent asks of a load process. */
export interface Calls {
  open: { readonly args: OpenArgs; readonly result: Opened };
  /** Forgets what was counted; `publishers` will number their messages from 0. */
  reset: { readonly args: { readonly publishers: number }; readonly result: null };
  publish: { readonly args: PublishArgs; readonly result: Published };
  /** Waits until every subscriber has every accepted message, or nothing comes any more. */
  settle: { readonly args: { readonly accepted: readonly number[] }; readonly result: Settled };
  close: { readonly args: null; readonly result: null };
}

export type CallName = keyof Calls;

export type Request = {
  [Name in CallName]: { readonly id: number; readonly call: Name; readonly args: Calls[Name]['args'] };
}[CallName];

export type Reply =
  | { readonly id: number; readonly result: Calls[CallName]['result'] }
  | { readonly id: number; readonly error: string };
