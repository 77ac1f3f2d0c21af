import type { ClientEvent } from './client-messages.ts';
import type { ProtocolError, Refusal } from './errors.ts';
import type { Member } from './presence.ts';

// Channel names need no escaping: their alphabet (channel-name.ts) has nothing that JSON would escape.
// `data` is a string of JSON in every event but pusher:error, whose data is an object (PROTO "Double encoding").

/** `activityTimeout` in seconds; `null` for clients before protocol 7, which do not know it. */
export function connectionEstablished(socketId: string, activityTimeout: number | null): string {
  const timeout = activityTimeout === null ? '' : `,\\"activity_timeout\\":${activityTimeout}`;
  return `{"event":"pusher:connection_established","data":"{\\"socket_id\\":\\"${socketId}\\"${timeout}}"}`;
}

export const PONG = '{"event":"pusher:pong","data":"{}"}';

export function subscriptionSucceeded(channel: string): string {
  return `{"event":"pusher_internal:subscription_succeeded","channel":"${channel}","data":"{}"}`;
}

/** `members`: everybody on the channel, the new subscriber included. */
export function presenceSucceeded(channel: string, members: readonly Member[]): string {
  const ids = members.map((m) => JSON.stringify(m.userId));
  const hash = members.map((m, i) => `${ids[i]}:${m.info}`);
  const data = `{"presence":{"count":${members.length},"ids":[${ids.join()}],"hash":{${hash.join()}}}}`;
  return `{"event":"pusher_internal:subscription_succeeded","channel":"${channel}","data":${JSON.stringify(data)}}`;
}

export function memberAdded(channel: string, member: Member): string {
  const data = `{"user_id":${JSON.stringify(member.userId)},"user_info":${member.info}}`;
  return `{"event":"pusher_internal:member_added","channel":"${channel}","data":${JSON.stringify(data)}}`;
}

export function memberRemoved(channel: string, userId: string): string {
  const data = `{"user_id":${JSON.stringify(userId)}}`;
  return `{"event":"pusher_internal:member_removed","channel":"${channel}","data":${JSON.stringify(data)}}`;
}

/** An event for the subscribers of a channel. `nameJson`, `dataJson`: JSON texts, made once for many channels. */
export function channelEvent(nameJson: string, channel: string, dataJson: string): string {
  return `{"event":${nameJson},"channel":"${channel}","data":${dataJson}}`;
}

/** The same event with its tags, which are JSON. */
export function taggedEvent(event: string, tagsJson: string): string {
  return `${event.slice(0, -1)},"tags":${tagsJson}}`;
}

/** A client event as the others get it; `userId` only on presence channels, from the sender's authorisation. */
export function clientEvent({ event, channel, data }: Omit<ClientEvent, 'type'>, userId: string | null): string {
  const user = userId === null ? '' : `,"user_id":${JSON.stringify(userId)}`;
  return `{"event":${JSON.stringify(event)},"channel":"${channel}","data":${JSON.stringify(data)}${user}}`;
}

export function errorMessage(error: Pick<ProtocolError, 'code' | 'message'>): string {
  return `{"event":"pusher:error","data":{"code":${error.code},"message":${JSON.stringify(error.message)}}}`;
}

/**
 * Tells the channel itself that it was refused. Pusher sends only the `pusher:error` before it; without this
 * pusher-js and Echo could not tell which subscription failed.
 */
export function subscriptionError(channel: string, refusal: Refusal, message: string): string {
  const data = JSON.stringify({ type: refusal.type, error: message, status: refusal.status });
  return `{"event":"pusher:subscription_error","channel":${JSON.stringify(channel)},"data":${JSON.stringify(data)}}`;
}

/** `userData`: the very string that was signed. */
export function signinSuccess(userData: string): string {
  return `{"event":"pusher:signin_success","data":${JSON.stringify(JSON.stringify({ user_data: userData }))}}`;
}

/** A subscriber of a cache channel that keeps nothing at the moment. */
export function cacheMiss(channel: string): string {
  return `{"event":"pusher:cache_miss","channel":"${channel}","data":"{}"}`;
}

/** The answer to `pusher:change_filter`: what is published from now on is filtered by the new one. */
export function filterChanged(channel: string): string {
  return `{"event":"pusher:filter_changed","channel":"${channel}","data":"{}"}`;
}

/** How many connections are subscribed. */
export function subscriptionCount(channel: string, count: number): string {
  const data = `{"subscription_count":${count}}`;
  return `{"event":"pusher_internal:subscription_count","channel":"${channel}","data":${JSON.stringify(data)}}`;
}

/** Users of the client's watchlist that came or went; those without users are left out. No channel. */
export function watchlistEvents({ online, offline }: WatchlistChange): string {
  const events = [
    { name: 'online', user_ids: online },
    { name: 'offline', user_ids: offline },
  ].filter(({ user_ids: ids }) => ids.length > 0);
  return `{"event":"pusher_internal:watchlist_events","data":${JSON.stringify(JSON.stringify({ events }))}}`;
}

export interface WatchlistChange {
  readonly online: readonly string[];
  readonly offline: readonly string[];
}
