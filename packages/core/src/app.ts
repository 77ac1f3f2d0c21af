import type { ChannelRule } from '@sluice/delta';
import type { EventType } from './domain-event.ts';

/** One key of an app with its secret. An app may have several while keys are being rotated. */
export interface Credential {
  readonly key: string;
  readonly secret: string;
}

/** What one app may use. 0 means unlimited for the limits that say so. */
export interface AppLimits {
  /** Open connections in all; 0: unlimited. */
  readonly maxConnections: number;
  /** Client events of one connection; 0: unlimited. */
  readonly maxClientEventsPerSecond: number;
  /** Events published over HTTP; an event for n channels counts n times. 0: unlimited. */
  readonly maxBackendEventsPerSecond: number;
  /** GET requests to the HTTP API; 0: unlimited. */
  readonly maxReadRequestsPerSecond: number;
  readonly maxPresenceMembers: number;
  /** `user_info` of one member, as JSON. */
  readonly maxPresenceMemberBytes: number;
  /** Characters, prefix included. */
  readonly maxChannelNameLength: number;
  readonly maxChannelsPerEvent: number;
  /** Characters. */
  readonly maxEventNameLength: number;
  /** `data` of one event, published or sent by a client. */
  readonly maxEventBytes: number;
  readonly maxBatchSize: number;
}

/** A tenant: its channels, connections and keys are apart from those of every other app. */
export interface App {
  readonly id: string;
  /** Active keys, the oldest first. */
  readonly credentials: readonly [Credential, ...Credential[]];
  readonly enabled: boolean;
  /** Whether clients may send `client-*` events. */
  readonly clientMessages: boolean;
  /** Whether subscribers are told how many they are (`pusher_internal:subscription_count`). */
  readonly subscriptionCountEvents: boolean;
  /** Whether signed-in users may watch each other come and go (Pusher "Watchlist events"). */
  readonly watchlistEvents: boolean;
  /** Connections that come without TLS are closed with 4000, on which pusher-js comes back with it. */
  readonly forceTls: boolean;
  /** Pages that may connect ({@link allowsOrigin}); empty: all. */
  readonly allowedOrigins: readonly string[];
  /** Connections have to sign in or join a private or presence channel in time (Pusher "Authorized connections"). */
  readonly authorisedOnly: boolean;
  /** Whether the HTTP API tells how many connections a channel has. */
  readonly subscriptionCount: boolean;
  /** What the app's webhooks tell of; nothing else need be told to the primary. */
  readonly webhookEvents: readonly EventType[];
  /** `channel_delta_compression`: what holds, by pattern of channel names, for them of deltas, conflation and tags. */
  readonly channelDelta: readonly (readonly [pattern: string, rule: ChannelRule])[];
  readonly limits: AppLimits;
}

export function secretOf(app: App, key: string): string | undefined {
  return app.credentials.find((credential) => credential.key === key)?.secret;
}
