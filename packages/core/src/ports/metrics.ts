import type { DeltaCounters } from '@sluice/delta';
import type { ChannelKind } from '@sluice/protocol';

export {
  ALGORITHMS,
  type DeltaCounters,
  emptyDeltaCounters,
  FULL_REASONS,
  PLAIN_REASONS,
  POOL_LOSSES,
} from '@sluice/delta';

export type CountByKind = Record<ChannelKind, number>;

/** The rates of an app that its requests are checked against. */
export const RATE_KINDS = ['backend_events', 'read_requests'] as const;
export type RateKind = (typeof RATE_KINDS)[number];

/**
 * Plain numbers that hot paths add to; telemetry reads them when it is scraped. All only grow, except `connected`.
 */
export interface AppCounters {
  connected: number;
  connections: number;
  disconnections: number;
  messagesReceived: number;
  bytesReceived: number;
  messagesSent: number;
  bytesSent: number;
  /** Not sent, because a client read too slowly. */
  messagesDropped: number;
  /** Not sent, because a newer one with the same conflation key took its place. */
  messagesConflated: number;
  /** Not sent, because the filter of a subscriber did not let it through. */
  messagesFiltered: number;
  /** Payloads for subscribers that take deltas: what plain subscribers would have been sent, and what they were sent. */
  deltaPlainBytes: number;
  deltaSentBytes: number;
  httpCalls: number;
  httpBytesReceived: number;
  httpBytesSent: number;
  readonly rateLimitChecks: Record<RateKind, number>;
  readonly rateLimitRefusals: Record<RateKind, number>;
  readonly subscriptions: CountByKind;
  readonly unsubscriptions: CountByKind;
}

/** Of an app that nothing was counted for yet. */
export function emptyCounters(): AppCounters {
  const byKind = (): CountByKind => ({ public: 0, private: 0, presence: 0, encrypted: 0, user: 0 });
  return {
    connected: 0,
    connections: 0,
    disconnections: 0,
    messagesReceived: 0,
    bytesReceived: 0,
    messagesSent: 0,
    bytesSent: 0,
    messagesDropped: 0,
    messagesConflated: 0,
    messagesFiltered: 0,
    deltaPlainBytes: 0,
    deltaSentBytes: 0,
    httpCalls: 0,
    httpBytesReceived: 0,
    httpBytesSent: 0,
    rateLimitChecks: { backend_events: 0, read_requests: 0 },
    rateLimitRefusals: { backend_events: 0, read_requests: 0 },
    subscriptions: byKind(),
    unsubscriptions: byKind(),
  };
}

/** Why a handshake was refused; a label, so the set is fixed. */
export type ConnectionErrorType =
  | 'path_not_found'
  | 'protocol_version'
  | 'app_not_found'
  | 'app_disabled'
  | 'tls_required'
  | 'origin_not_allowed'
  | 'over_quota'
  | 'over_capacity';

/** What an address limit is for. */
export type RequestContext = 'http_api' | 'websocket_upgrade';

export interface Metrics {
  /** The counters of one app, the same object each time. */
  app(appId: string): AppCounters;
  /** Of all apps together. */
  readonly deltas: DeltaCounters;
  connectionError(appId: string | null, type: ConnectionErrorType): void;
  /** A request was checked against the limit of its address. */
  addressChecked(context: RequestContext, outcome: 'taken' | 'refused'): void;
  /** A connection ended with this WebSocket close code (1006: without one). */
  closed(code: number): void;
  /** From a message being given to the subscribers here until the round that wrote it was over; slow clients get it later. */
  broadcast(kind: ChannelKind, recipients: number, seconds: number): void;
}
