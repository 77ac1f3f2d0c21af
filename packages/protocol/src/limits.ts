/** Limits that Pusher documents. Each is the default of a setting that an operator can change per app. */
export const PUSHER_LIMITS = {
  channelNameLength: 164,
  channelsPerEvent: 100,
  eventNameLength: 200,
  eventDataBytes: 10_240,
  batchSize: 10,
  clientEventsPerSecond: 10,
  presenceMembers: 100,
  presenceMemberBytes: 1024,
} as const;

/** A user id may have this many characters (Pusher "Presence channels"). */
export const MAX_USER_ID_LENGTH = 128;

/** `auth_timestamp` may be off by less than this many seconds (Pusher REST API, "Authentication"). */
export const REQUEST_WINDOW_SECONDS = 600;

/** Protocol versions that a client may ask for; 1 to 3 ended long ago, 8 does not exist. */
export const MIN_PROTOCOL = 4;
export const MAX_PROTOCOL = 7;

/** Users that one connection may watch (Pusher "Watchlist events"). */
export const MAX_WATCHLIST = 100;

/** Nesting of arrays and objects in anything a client or publisher sends. Real payloads stay far below. */
export const MAX_JSON_DEPTH = 64;
