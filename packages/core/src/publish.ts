import { isCacheChannel, isSocketId, parseChannelName, serverMessages } from '@sluice/protocol';
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

/** Why none of the events may be published; `undefined` if all may. */
export function refusalOf(app: App, events: readonly PublishedEvent[]): PublishRefusal | undefined {
  for (const event of events) {
    const refusal = check(app, event);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** The pipeline of published events: all are checked before the first goes out. `undefined`: accepted. */
export function publish(hub: Hub, app: App, events: readonly PublishedEvent[]): PublishRefusal | undefined {
  const refusal = refusalOf(app, events);
  if (refusal !== undefined) return refusal;
  const space = hub.space(app);
  for (const event of events) {
    const nameJson = JSON.stringify(event.name);
    const dataJson = JSON.stringify(event.data);
    const except = event.socketId ?? '';
    for (const channel of new Set(event.channels)) {
      const text = serverMessages.channelEvent(nameJson, channel, dataJson);
      const kept = isCacheChannel(channel);
      if (kept) hub.ports.registry.keep({ appId: app.id, channel, text, ttlMs: hub.options.cacheTtlMs });
      broadcast(hub, space, { channel, text, except, kept });
    }
  }
  return undefined;
}

function check({ limits }: App, event: PublishedEvent): PublishRefusal | undefined {
  const { name, channels, data, socketId } = event;
  if (channels.length === 0) return publishError('noChannel');
  if (channels.length > limits.maxChannelsPerEvent) {
    return publishError('tooManyChannels', channels.length, limits.maxChannelsPerEvent);
  }
  if (name.length > limits.maxEventNameLength) return publishError('nameTooLong', limits.maxEventNameLength);
  if (name.startsWith('pusher:') || name.startsWith('pusher_internal:')) return publishError('reservedName', name);
  for (const channel of channels) {
    if (parseChannelName(channel, limits.maxChannelNameLength) === undefined) {
      return publishError('invalidChannel', channel, limits.maxChannelNameLength);
    }
  }
  if (Buffer.byteLength(data) > limits.maxEventBytes) return publishError('dataTooLarge', limits.maxEventBytes);
  if (socketId !== undefined && !isSocketId(socketId)) return publishError('invalidSocketId', socketId);
  return undefined;
}
