import type { DomainEvent } from '@sluice/core';
import { assertNever, type ChannelKind } from '@sluice/protocol';

/** An event as JSON, with exactly the members that Pusher documents. */
export function eventText(event: DomainEvent, kind: ChannelKind): string {
  return JSON.stringify(members(event, kind));
}

function members(event: DomainEvent, kind: ChannelKind): Readonly<Record<string, string | number>> {
  const { type: name, channel } = event;
  switch (event.type) {
    case 'channel_occupied':
    case 'channel_vacated':
    case 'cache_miss':
      return { name, channel };
    case 'member_added':
    case 'member_removed':
      return { name, channel, user_id: event.userId };
    case 'subscription_count':
      return { name, channel, subscription_count: event.count };
    case 'client_event': {
      const { event: title, data, socketId, userId } = event;
      const common = { name, channel, event: title, data, socket_id: socketId };
      return kind === 'presence' && userId !== null ? { ...common, user_id: userId } : common;
    }
    default:
      return assertNever(event);
  }
}

/** `timeMs` is when the oldest of the events came up. */
export function bodyText(timeMs: number, eventTexts: readonly string[]): string {
  return `{"time_ms":${Math.floor(timeMs)},"events":[${eventTexts.join(',')}]}`;
}
