import { MAX_USER_ID_LENGTH, MAX_WATCHLIST } from './limits.ts';
import { fillTemplate } from './template.ts';

/** What a `pusher:error` frame carries. `code` is null where Pusher sends null: the connection goes on. */
export interface ProtocolError {
  readonly code: number | null;
  readonly message: string;
  /** What its channel is told where a subscription was refused for it. */
  readonly refusal: Refusal | null;
}

/** Type and status of a `pusher:subscription_error`. */
export interface Refusal {
  readonly type: 'AuthError' | 'LimitReached' | 'InvalidRequest';
  readonly status: number;
}

export interface ProtocolErrorSpec {
  readonly code: number | null;
  /** `%s` stands for the parts given to {@link protocolError}, in order. */
  readonly text: string;
  /** For the documentation: what the developer should do. */
  readonly remedy: string;
  /** Longest part that is repeated, where it is not {@link MAX_ECHO}. */
  readonly maxEcho?: number;
  /** Where a subscription can be refused for it. */
  readonly refusal?: Refusal;
}

const AUTH_ERROR: Refusal = { type: 'AuthError', status: 401 };
const INVALID_REQUEST: Refusal = { type: 'InvalidRequest', status: 400 };
const LIMIT_REACHED: Refusal = { type: 'LimitReached', status: 403 };

/** Longest piece of a client's own text that is repeated to it. */
const MAX_ECHO = 200;

/** Every `pusher:error` that Sluice sends. Texts marked "Pusher" are those of Pusher's own service, to the letter. */
export const PROTOCOL_ERRORS = {
  malformedMessage: {
    code: null,
    text: 'Invalid message: %s',
    remedy: 'Send one JSON object per text frame, with a string member `event`.',
  },
  missingParameter: {
    code: null,
    text: 'Missing parameter: %s',
    remedy: 'Add the named member; it has to be a string.',
  },
  unsupportedEvent: {
    code: null,
    text: 'Unsupported event received on socket: %s',
    remedy: 'Pusher. Clients send `pusher:*` events of the protocol and `client-*` events only.',
  },
  existingSubscription: {
    code: null,
    text: 'Existing subscription to channel %s',
    remedy: 'Pusher. The connection is already subscribed; the first subscription stays.',
  },
  noSubscription: {
    code: null,
    text: 'No current subscription to channel %s, or subscription in progress',
    remedy: 'Pusher. Wait for `pusher_internal:subscription_succeeded` before unsubscribing.',
  },
  tooManySubscriptions: {
    code: null,
    text: 'Subscription refused: this connection already has %s subscriptions, the most allowed',
    remedy: 'Unsubscribe from channels no longer needed, or raise `channel_limits.max_subscriptions_per_connection`.',
    refusal: LIMIT_REACHED,
  },
  invalidChannelName: {
    code: null,
    text: "Invalid channel name '%s': use up to %s of the characters A-Z a-z 0-9 _ - = @ , . ;",
    remedy: 'Rename the channel. `#` is reserved and `:` is not allowed.',
    refusal: INVALID_REQUEST,
  },
  filterInvalid: {
    code: null,
    text: 'Invalid filter for %s: %s',
    remedy: 'Mend the named part of `filter`; nothing is subscribed to, and a filter that was there stays.',
    refusal: INVALID_REQUEST,
  },
  filtersDisabled: {
    code: null,
    text: 'Filter refused for %s: tag filtering is turned off on this server',
    remedy: 'Subscribe without `filter`, or set `tag_filtering.enabled` to true.',
    refusal: INVALID_REQUEST,
  },
  authRequired: {
    code: null,
    text: 'Auth info required to subscribe to %s',
    remedy: 'Pusher. Give the client an authorisation endpoint; private and presence channels need a signature.',
    refusal: AUTH_ERROR,
  },
  authMalformed: {
    code: null,
    text: "Auth value for subscription to %s is invalid: should be of format 'key:signature'",
    remedy: 'Pusher. The endpoint has to answer `{"auth":"<key>:<signature>"}`.',
    refusal: AUTH_ERROR,
  },
  authUnknownKey: {
    code: null,
    text: "Invalid key in subscription auth data: '%s'",
    remedy: 'Pusher. Sign with a key of the app that the client is connected to.',
    refusal: AUTH_ERROR,
  },
  invalidSignature: {
    code: null,
    text: 'Invalid signature: Expected HMAC SHA256 hex digest of %s, but got %s',
    remedy: 'Pusher. Sign exactly the named string with the secret of the key, in lower-case hexadecimal.',
    refusal: AUTH_ERROR,
  },
  channelDataRequired: {
    code: null,
    text: 'Invalid channel_data for %s: presence channels need channel_data, or a signed-in user',
    remedy: 'Let the authorisation endpoint return `channel_data` with a `user_id`, or sign the user in first.',
    refusal: INVALID_REQUEST,
  },
  channelDataInvalid: {
    code: null,
    text: 'Invalid channel_data for %s: %s',
    remedy:
      'channel_data is a JSON object with `user_id` (a string or number, up to 128 characters) and any `user_info`.',
    refusal: INVALID_REQUEST,
  },
  presenceFull: {
    code: null,
    text: 'Subscription refused: presence channel %s already has %s members, the most allowed',
    remedy: 'Raise `max_presence_members_per_channel` of the app, or use a channel without presence.',
    refusal: LIMIT_REACHED,
  },
  userChannelForbidden: {
    code: null,
    text: 'Subscription refused: %s belongs to another user',
    remedy: 'Sign in as that user on this connection first.',
    refusal: AUTH_ERROR,
  },
  signinInvalid: {
    code: null,
    text: 'Invalid user_data: %s',
    remedy: '`user_data` is a JSON object with a non-empty string `id` of up to 128 characters.',
  },
  signinOtherUser: {
    code: null,
    text: 'Sign-in refused: this connection is already signed in as another user',
    remedy: 'Open a new connection for the other user.',
  },
  notAuthorised: {
    code: 4009,
    text: 'Connection not authorized within timeout',
    remedy: 'Pusher. Sign in or join a private or presence channel in time; the app has `enable_user_authentication`.',
  },
  watchlistTooLong: {
    code: 4302,
    text: 'Watchlist has more than %s users; only these are watched: %s',
    remedy: 'Pusher. Sign in with a shorter watchlist.',
    // All ids that are watched, with the commas between them.
    maxEcho: MAX_WATCHLIST * (MAX_USER_ID_LENGTH + 1),
  },
  clientEventsDisabled: {
    code: null,
    text: 'To send client events, you must enable this feature in the Settings page of your dashboard.',
    remedy: 'Pusher. In Sluice: set `enable_client_messages` of the app to true.',
  },
  clientEventChannel: {
    code: null,
    text: 'Client event rejected - only supported on private and presence channels',
    remedy: 'Pusher. Use a private or presence channel.',
  },
  clientEventPrefix: {
    code: null,
    text: "Client event rejected - client events must be prefixed by 'client-'",
    remedy: 'Pusher. Rename the event.',
  },
  clientEventNotSubscribed: {
    code: null,
    text: "Client event rejected - you didn't subscribe to this channel",
    remedy: 'Subscribe first and wait for the success.',
  },
  clientEventTooLarge: {
    code: null,
    text: 'Client event rejected - data is %s bytes, more than the allowed maximum (%s bytes)',
    remedy: 'Send less, or raise `max_event_payload_in_kb` of the app.',
  },
  eventNameTooLong: {
    code: null,
    text: 'Client event rejected - the event name has more than %s characters',
    remedy: 'Shorten the name, or raise `max_event_name_length` of the app.',
  },
  clientEventRate: {
    code: 4301,
    text: 'Client event rejected - more than %s messages in a second',
    remedy: 'Throttle in the client, or raise `max_client_events_per_second` of the app.',
  },
} as const satisfies Record<string, ProtocolErrorSpec>;

export type ProtocolErrorName = keyof typeof PROTOCOL_ERRORS;

export function protocolError(name: ProtocolErrorName, ...parts: readonly (string | number)[]): ProtocolError {
  const { code, text, maxEcho = MAX_ECHO, refusal }: ProtocolErrorSpec = PROTOCOL_ERRORS[name];
  return { code, message: fillTemplate({ text, maxEcho }, parts), refusal: refusal ?? null };
}
