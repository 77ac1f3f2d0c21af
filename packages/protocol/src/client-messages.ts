import {
  decodeDeltaSyncError,
  decodeEnableDeltaCompression,
  decodeSubscriptionDelta,
  type DeltaSyncError,
  type EnableDeltaCompression,
  type SubscriptionDelta,
} from './delta-client-messages.ts';
import { type ProtocolError, protocolError } from './errors.ts';
import { isJsonObject, type JsonObject, parseJson } from './json.ts';
import { payload } from './payload.ts';

export interface Subscribe {
  readonly type: 'subscribe';
  readonly channel: string;
  /** `key:signature`; absent and empty mean the same. */
  readonly auth: string;
  /** The very string that was signed, if the client sent one. */
  readonly channelData: string | undefined;
  /** Whether and how the client wants deltas here; `undefined`: as its connection does. */
  readonly delta: SubscriptionDelta | undefined;
  readonly filter: FilterMembers;
}

/** A tag filter under either of its names, as it came; packages/filter reads it. Without both: everything is wanted. */
export interface FilterMembers {
  readonly filter?: unknown;
  readonly tags_filter?: unknown;
}

/** `pusher:change_filter`: another filter for a subscription that stays as it is. */
export interface ChangeFilter {
  readonly type: 'change_filter';
  readonly channel: string;
  readonly filter: FilterMembers;
}

export interface Unsubscribe {
  readonly type: 'unsubscribe';
  readonly channel: string;
}

export interface SignIn {
  readonly type: 'signin';
  readonly auth: string;
  readonly userData: string;
}

export interface ClientEvent {
  readonly type: 'client_event';
  readonly event: string;
  readonly channel: string;
  /** What receivers get as `data`: the client's string as it is, any other JSON serialised. */
  readonly data: string;
}

export interface Heartbeat {
  readonly type: 'ping' | 'pong';
}

export type ClientMessage =
  | Subscribe
  | Unsubscribe
  | SignIn
  | ClientEvent
  | Heartbeat
  | EnableDeltaCompression
  | DeltaSyncError
  | ChangeFilter;

export type Decoded = { readonly message: ClientMessage } | { readonly error: ProtocolError };

const PING: Decoded = { message: { type: 'ping' } };
const PONG: Decoded = { message: { type: 'pong' } };
const NO_FILTER: FilterMembers = {};

/** Reads one text frame of a client. Members that the protocol does not know, a forged `user_id` too, are left unread. */
export function decodeClientMessage(text: string): Decoded {
  const parsed = parseJson(text);
  if (!parsed.ok) return { error: protocolError('malformedMessage', parsed.problem) };
  const frame = parsed.value;
  if (!isJsonObject(frame)) return { error: protocolError('malformedMessage', 'expected a JSON object') };
  const event = frame['event'];
  if (typeof event !== 'string') return { error: protocolError('missingParameter', 'event') };
  switch (event) {
    case 'pusher:ping':
      return PING;
    case 'pusher:pong':
      return PONG;
    case 'pusher:subscribe':
      return decodeSubscribe(frame['data']);
    case 'pusher:unsubscribe':
      return decodeUnsubscribe(frame['data']);
    case 'pusher:signin':
      return decodeSignIn(frame['data']);
    case 'pusher:enable_delta_compression':
      return { message: decodeEnableDeltaCompression(frame['data']) };
    case 'pusher:delta_sync_error':
      return decodeDeltaSyncError(frame['data']);
    case 'pusher:change_filter':
      return decodeChangeFilter(frame['data']);
    default:
      return decodeClientEvent(event, frame['channel'], frame['data']);
  }
}

function decodeSubscribe(raw: unknown): Decoded {
  const data = payload(raw);
  const channel = data['channel'];
  const auth = data['auth'] ?? '';
  const channelData = data['channel_data'] ?? undefined;
  if (typeof channel !== 'string') return { error: protocolError('missingParameter', 'data.channel') };
  if (typeof auth !== 'string') return { error: protocolError('missingParameter', 'data.auth') };
  if (channelData !== undefined && typeof channelData !== 'string') {
    return { error: protocolError('missingParameter', 'data.channel_data') };
  }
  const delta = decodeSubscriptionDelta(data['delta']);
  return { message: { type: 'subscribe', channel, auth, channelData, delta, filter: filterMembers(data) } };
}

function filterMembers({ filter, tags_filter: tagsFilter }: JsonObject): FilterMembers {
  return filter === undefined && tagsFilter === undefined ? NO_FILTER : { filter, tags_filter: tagsFilter };
}

function decodeChangeFilter(raw: unknown): Decoded {
  const data = payload(raw);
  const { channel } = data;
  if (typeof channel !== 'string') return { error: protocolError('missingParameter', 'data.channel') };
  return { message: { type: 'change_filter', channel, filter: filterMembers(data) } };
}

function decodeUnsubscribe(raw: unknown): Decoded {
  const channel = payload(raw)['channel'];
  if (typeof channel !== 'string') return { error: protocolError('missingParameter', 'data.channel') };
  return { message: { type: 'unsubscribe', channel } };
}

function decodeSignIn(raw: unknown): Decoded {
  const { auth, user_data: userData } = payload(raw);
  if (typeof auth !== 'string') return { error: protocolError('missingParameter', 'data.auth') };
  if (typeof userData !== 'string') return { error: protocolError('missingParameter', 'data.user_data') };
  return { message: { type: 'signin', auth, userData } };
}

function decodeClientEvent(event: string, channel: unknown, data: unknown): Decoded {
  if (event.startsWith('client-')) {
    if (typeof channel !== 'string') return { error: protocolError('missingParameter', 'channel') };
    return { message: { type: 'client_event', event, channel, data: dataText(data) } };
  }
  const reserved = event.startsWith('pusher:') || event.startsWith('pusher_internal:');
  if (typeof channel === 'string' && !reserved) return { error: protocolError('clientEventPrefix') };
  return { error: protocolError('unsupportedEvent', event) };
}

/** `data` as subscribers get it. A publisher or client that leaves it out means an empty object. */
function dataText(data: unknown): string {
  if (typeof data === 'string') return data;
  return data === undefined ? '{}' : JSON.stringify(data);
}
