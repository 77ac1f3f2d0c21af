import type { PublicationMode } from '@sluice/delta';
import { parseTags, tagsText } from '@sluice/filter';
import { type ChannelName, isSocketId, parseChannelName, serverMessages } from '@sluice/protocol';
import type { App } from './app.ts';
import { broadcast } from './broadcast.ts';
import { KeysOfData, MAX_CONFLATION_KEY } from './conflation-key.ts';
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
  /** What subscribers filter by, as it came; `undefined` for none. */
  readonly tags?: unknown;
  /** In place of the one that the settings of a channel find in the data. */
  readonly conflationKey?: string | undefined;
  /** False: nobody gets it as a delta, nor keeps it as a base. */
  readonly delta?: boolean;
}

/** One that may be published. */
export interface CheckedEvent {
  readonly name: string;
  readonly data: string;
  /** Each once. */
  readonly channels: readonly ChannelName[];
  /** Socket id of the connection that must not get it; empty for none. */
  readonly except: string;
  /** Tags as JSON; empty for none. */
  readonly tagsJson: string;
  /** `undefined`: to be found in the data. */
  readonly conflationKey: string | undefined;
  readonly mode: PublicationMode;
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
  for (const { name, data, channels, except, tagsJson, conflationKey, mode } of events) {
    const keys = new KeysOfData(data);
    const nameJson = JSON.stringify(name);
    const dataJson = JSON.stringify(data);
    for (const { raw: channel, cached: kept } of channels) {
      const { enableTags = hub.options.tagFiltering.enableTags, conflationKey: path } = space.deltaOf(channel);
      const event = serverMessages.channelEvent(nameJson, channel, dataJson);
      const text = enableTags && tagsJson !== '' ? serverMessages.taggedEvent(event, tagsJson) : event;
      const key = conflationKey ?? (path === undefined ? '' : keys.at(path));
      if (kept) hub.ports.registry.keep({ appId: app.id, channel, text, tagsJson, ttlMs: hub.options.cacheTtlMs });
      broadcast(hub, space, { channel, text, except, kept, tagsJson, key, mode });
    }
  }
}

function check({ limits }: App, event: PublishedEvent): CheckedEvent | PublishRefusal {
  const { name, channels, data, socketId, conflationKey } = event;
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
  if (conflationKey !== undefined && conflationKey.length > MAX_CONFLATION_KEY) {
    return publishError('keyTooLong', MAX_CONFLATION_KEY);
  }
  const tags = parseTags(event.tags);
  if (!tags.ok) return publishError('invalidTags', tags.problem);
  const tagsJson = tags.tags.size === 0 ? '' : tagsText(tags.tags);
  const mode = event.delta === false ? 'plain' : 'auto';
  return { name, data, channels: names, except: socketId ?? '', tagsJson, conflationKey, mode };
}
