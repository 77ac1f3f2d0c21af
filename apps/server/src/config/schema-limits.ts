import { PUSHER_LIMITS } from '@sluice/protocol';
import { count, kilobytes, seconds } from './formats.ts';
import { setting } from './leaf.ts';

/** A name has to fit into the two bytes that the envelope between workers has for its length. */
const MAX_NAME_LENGTH = 65_535;

/** Shared with the fields of an app, so that both take the same values. */
export const LIMIT_FORMATS = {
  nameLength: count(1, MAX_NAME_LENGTH),
  items: count(1),
  payload: kilobytes(1),
} as const;

const FOR_APPS = 'For apps that do not say otherwise.';

/** Defaults of the limits that an app may set for itself. */
export const LIMIT_SECTIONS = {
  channel_limits: {
    max_name_length: setting(LIMIT_FORMATS.nameLength, {
      doc: `Characters of a channel name, prefix included. ${FOR_APPS}`,
      default: PUSHER_LIMITS.channelNameLength,
      env: 'CHANNEL_LIMITS_MAX_NAME_LENGTH',
    }),
    max_subscriptions_per_connection: setting(count(1), {
      doc: 'Channels that one connection may be subscribed to.',
      default: 2000,
      env: 'CHANNEL_LIMITS_MAX_SUBSCRIPTIONS_PER_CONNECTION',
    }),
    cache_ttl: setting(seconds(1), {
      doc: 'Seconds that a cache channel keeps its last event (Pusher: up to 1800; 3600 in Sockudo).',
      default: 1800,
      env: 'CHANNEL_LIMITS_CACHE_TTL',
    }),
  },
  event_limits: {
    max_channels_at_once: setting(LIMIT_FORMATS.items, {
      doc: `Channels that one event may be published to. ${FOR_APPS}`,
      default: PUSHER_LIMITS.channelsPerEvent,
      env: 'EVENT_LIMITS_MAX_CHANNELS_AT_ONCE',
    }),
    max_name_length: setting(LIMIT_FORMATS.nameLength, {
      doc: `Characters of an event name. ${FOR_APPS}`,
      default: PUSHER_LIMITS.eventNameLength,
      env: 'EVENT_LIMITS_MAX_NAME_LENGTH',
    }),
    max_payload_in_kb: setting(LIMIT_FORMATS.payload, {
      doc: `The data of one event, in KB. ${FOR_APPS}`,
      default: PUSHER_LIMITS.eventDataBytes / 1024,
      env: 'EVENT_LIMITS_MAX_PAYLOAD_IN_KB',
    }),
    max_batch_size: setting(LIMIT_FORMATS.items, {
      doc: `Events in one batch. ${FOR_APPS}`,
      default: PUSHER_LIMITS.batchSize,
      env: 'EVENT_LIMITS_MAX_BATCH_SIZE',
    }),
  },
  presence: {
    max_members_per_channel: setting(LIMIT_FORMATS.items, {
      doc: `Members of one presence channel. ${FOR_APPS}`,
      default: PUSHER_LIMITS.presenceMembers,
      env: 'PRESENCE_MAX_MEMBERS_PER_CHANNEL',
    }),
    max_member_size_in_kb: setting(LIMIT_FORMATS.payload, {
      doc: `The \`user_info\` of one member as JSON, in KB. ${FOR_APPS}`,
      default: PUSHER_LIMITS.presenceMemberBytes / 1024,
      env: 'PRESENCE_MAX_MEMBER_SIZE_IN_KB',
    }),
  },
} as const;
