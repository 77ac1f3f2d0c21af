import { type ChannelName, isSocketId, parseChannelName, serverMessages } from '@sluice/protocol';
import type { App } from './app.ts';
import { broadcast } from './broadcast.ts';
import { type PublishRefusal, publishError } from './errors.ts';
import type { Hub } from './hub.ts';

/** One event as a publisher asked for it. */
export interface PublishedEvent {
  readonly name: string;
  /** Names as given; one named twice gets the event once. */
  readonly channels: readonly string[];
  /** Reaches subscribers byte for byte. */
  readonly data: string;
  /** The connection that must not get it; a well-formed id nobody has skips nobody. */
  readonly socketId: string | undefined;
}

/** One that may be published. */
export interface CheckedEvent {
  readonly name: string;
  readonly data: string;
  /** Each once. */
  readonly channels: readonly ChannelName[];
  /** Socket id of the connection that must not get it; empty for none. */
  readonly except: string;
}

export type PublishCheck = { readonly events: readonly CheckedEvent[] } | { readonly refusal: PublishRefusal };

/** Checks all events of a call: none may be published if one may not. */
export function checkEvents(app: App, asked: readonly PublishedEvent[]): PublishCheck {
  const events: CheckedEvent[] = [];
  for (const event of asked) {
    const checked = check(app, event);
    if ('reason' in checked) return { refusal: checked };
    events.push(checked);
  }
  return { events };
}

/** The pipeline of events that were checked: to a cache channel's keeper, then to the subscribers. */
export function publish(hub: Hub, app: App, events: readonly CheckedEvent[]): void {
  const space = hub.space(app);
  for (const { name, data, channels, except } of events) {
    const nameJson = JSON.stringify(name);
    const dataJson = JSON.stringify(data);
    for (const { raw: channel, cached: kept } of channels) {
      const text = serverMessages.channelEvent(nameJson, channel, dataJson);
      if (kept) hub.ports.registry.keep({ appId: app.id, channel, text, ttlMs: hub.options.cacheTtlMs });
      broadcast(hub, space, { channel, text, except, kept });
    }
  }
}

function check({ limits }: App, { name, channels, data, socketId }: PublishedEvent): CheckedEvent | PublishRefusal {
  if (channels.length === 0) return publishError('noChannel');
  if (channels.length > limits.maxChannelsPerEvent) {
    return publishError('tooManyChannels', channels.length, limits.maxChannelsPerEvent);
  }
  if (name.length > limits.maxEventNameLength) return publishError('nameTooLong', limits.maxEventNameLength);
  if (name.startsWith('pusher:') || name.startsWith('pusher_internal:')) return publishError('reservedName', name);
  const names: ChannelName[] = [];
  for (const raw of new Set(channels)) {
    const parsed = parseChannelName(raw, limits.maxChannelNameLength);
    if (parsed === undefined) return publishError('invalidChannel', raw, limits.maxChannelNameLength);
    names.push(parsed);
  }
  if (Buffer.byteLength(data) > limits.maxEventBytes) return publishError('dataTooLarge', limits.maxEventBytes);
  if (socketId !== undefined && !isSocketId(socketId)) return publishError('invalidSocketId', socketId);
  return { name, data, channels: names, except: socketId ?? '' };
}
