import { type App, type Credential, EVENT_TYPES } from '@sluice/core';
import type { WebhookApp } from '@sluice/webhooks';
import { PUSHER_LIMITS } from '@sluice/protocol';
import { parseChannelRules } from '@sluice/delta';
import { channelRules } from './delta-formats.ts';
import { type FieldTable, limit, optional, type RecordOf, required } from './field.ts';
import { boolean, count, listOf, type RawRecord, recordList } from './formats.ts';
import { LIMIT_FORMATS } from './schema-limits.ts';
import { identifier, originPattern, secret } from './text-formats.ts';
import { toTarget } from './webhook-destination.ts';
import type { WebhookRecord } from './webhook-fields.ts';

export const DEFAULT_SECRET = 'app-secret';
const NONE: readonly RawRecord[] = [];
const NO_RULES: RawRecord = {};
const { nameLength, items, payload } = LIMIT_FORMATS;

/** The fields of one app: read from a file, from APPS and from the variables of the default app; documented from here. */
export const APP_FIELDS = {
  id: required(identifier, 'Names the app in the paths of the HTTP API. Unique.', 'app-id'),
  key: required(identifier, 'Public name that clients connect with. Unique.', 'app-key'),
  secret: required(
    secret,
    'Signs requests and authorizations. Whoever knows it may do anything in this app.',
    DEFAULT_SECRET,
  ),
  additional_keys: {
    ...optional(
      recordList('keys'),
      'Further keys, each with `key`, `secret` and optionally `enabled`, while keys are being rotated.',
      NONE,
    ),
    secret: true,
  },
  enabled: optional(boolean, 'False refuses every connection and request of the app.', true),
  enable_client_messages: optional(boolean, 'Whether clients may send `client-*` events.', false),
  force_tls: optional(
    boolean,
    'Closes connections without TLS with 4000, on which clients come back with it. Needs `ssl`, or a proxy that `trust_hops` counts.',
    false,
  ),
  allowed_origins: optional(
    listOf(originPattern),
    'Pages that may connect: `[scheme://]host[:port]` with at most one `*`, which stands for any part of a host or port; others are closed with 4009. `*.example.com` is `example.com` too. Clients that are no browsers send no origin, and match only `*`. Empty: all may.',
    [],
  ),
  enable_user_authentication: optional(
    boolean,
    'Closes connections that neither sign in nor join a private or presence channel within `user_authentication_timeout`; until then they do not count for `max_connections`.',
    false,
  ),
  enable_subscription_count_events: optional(
    boolean,
    'Whether subscribers are told how many they are (`pusher_internal:subscription_count`).',
    false,
  ),
  enable_watchlist_events: optional(
    boolean,
    'Whether signed-in users are told when users of their watchlist come and go.',
    false,
  ),
  enable_subscription_count: optional(
    boolean,
    'Whether the HTTP API tells how many connections a channel has (`info=subscription_count`).',
    true,
  ),
  max_connections: optional(count(0), 'Open connections. 0: unlimited.', 0),
  max_client_events_per_second: optional(
    count(0),
    'Client events of one connection. 0: unlimited.',
    PUSHER_LIMITS.clientEventsPerSecond,
  ),
  max_backend_events_per_second: optional(
    count(0),
    'Events published over HTTP; one for n channels counts n times. 0: unlimited.',
    0,
  ),
  max_read_requests_per_second: optional(count(0), 'GET requests to the HTTP API. 0: unlimited.', 0),
  max_presence_members_per_channel: limit(
    items,
    'Members of one presence channel.',
    'presence.max_members_per_channel',
  ),
  max_presence_member_size_in_kb: limit(
    payload,
    'The `user_info` of one member as JSON, in KB.',
    'presence.max_member_size_in_kb',
  ),
  max_channel_name_length: limit(
    nameLength,
    'Characters of a channel name, prefix included.',
    'channel_limits.max_name_length',
  ),
  max_event_channels_at_once: limit(
    items,
    'Channels that one event may be published to.',
    'event_limits.max_channels_at_once',
  ),
  max_event_name_length: limit(nameLength, 'Characters of an event name.', 'event_limits.max_name_length'),
  max_event_payload_in_kb: limit(payload, 'The data of one event, in KB.', 'event_limits.max_payload_in_kb'),
  max_event_batch_size: limit(items, 'Events in one batch.', 'event_limits.max_batch_size'),
  channel_delta_compression: optional(
    channelRules,
    'What holds of deltas, conflation and tags, by pattern of channel names: `inherit`, `disabled`, `fossil`, `xdelta3`, or a section of `enabled`, `algorithm`, `conflation_key`, `conflation_interval_ms`, `max_messages_per_key`, `max_conflation_keys` and `enable_tags`.',
    NO_RULES,
  ),
  webhooks: {
    ...optional(recordList('webhooks'), 'Endpoints and functions that are told what happens on channels.', NONE),
    secret: true,
  },
} as const satisfies FieldTable;

export const ADDITIONAL_KEY_FIELDS = {
  key: required(identifier, 'Public name that clients connect with.', ''),
  secret: required(secret, 'Signs requests and authorizations.', ''),
  enabled: optional(boolean, 'False refuses this key.', true),
} as const satisfies FieldTable;

export type AdditionalKey = RecordOf<typeof ADDITIONAL_KEY_FIELDS>;

/** One app with every field filled in. */
export type AppRecord = Omit<RecordOf<typeof APP_FIELDS>, 'additional_keys' | 'webhooks'> & {
  readonly additional_keys: readonly AdditionalKey[];
  readonly webhooks: readonly WebhookRecord[];
};

export const APP_FIELD_NAMES = Object.keys(APP_FIELDS) as readonly (keyof typeof APP_FIELDS)[];

/** Variable of the default app for a field. */
export function variableOf(field: string): string {
  return `SLUICE_DEFAULT_APP_${field.toUpperCase()}`;
}

export function toApp(record: AppRecord): App {
  const further: readonly Credential[] = record.additional_keys
    .filter((additional) => additional.enabled)
    .map((additional) => ({ key: additional.key, secret: additional.secret }));
  return {
    id: record.id,
    credentials: [{ key: record.key, secret: record.secret }, ...further],
    enabled: record.enabled,
    clientMessages: record.enable_client_messages,
    subscriptionCountEvents: record.enable_subscription_count_events,
    watchlistEvents: record.enable_watchlist_events,
    forceTls: record.force_tls,
    allowedOrigins: record.allowed_origins,
    authorisedOnly: record.enable_user_authentication,
    subscriptionCount: record.enable_subscription_count,
    webhookEvents: EVENT_TYPES.filter((type) =>
      record.webhooks.some((webhook) => webhook.event_types?.includes(type) ?? true),
    ),
    channelDelta: [...parseChannelRules(record.channel_delta_compression).rules],
    limits: {
      maxConnections: record.max_connections,
      maxClientEventsPerSecond: record.max_client_events_per_second,
      maxBackendEventsPerSecond: record.max_backend_events_per_second,
      maxReadRequestsPerSecond: record.max_read_requests_per_second,
      maxPresenceMembers: record.max_presence_members_per_channel,
      maxPresenceMemberBytes: record.max_presence_member_size_in_kb * 1024,
      maxChannelNameLength: record.max_channel_name_length,
      maxChannelsPerEvent: record.max_event_channels_at_once,
      maxEventNameLength: record.max_event_name_length,
      maxEventBytes: record.max_event_payload_in_kb * 1024,
      maxBatchSize: record.max_event_batch_size,
    },
  };
}

export function toWebhookApp({ id, key, secret: appSecret, webhooks }: AppRecord): WebhookApp {
  return { id, key, secret: appSecret, targets: webhooks.map(toTarget) };
}
