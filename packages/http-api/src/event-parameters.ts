import type { PublishedEvent } from '@sluice/core';
import type { JsonObject } from '@sluice/protocol';
import { httpError } from './errors.ts';
import { type Attribute, COUNTS, parseInfo } from './info.ts';

export interface EventRequest {
  readonly event: PublishedEvent;
  /** What the publisher wants to know of the channels afterwards. */
  readonly info: ReadonlySet<Attribute>;
}

/** Reads one event of a publish; the limits of the app are checked by core. */
export function parseEvent(parameters: JsonObject): EventRequest {
  const channels = parseChannels(parameters);
  const { name, data, socket_id: socketId } = parameters;
  if (typeof name !== 'string' || name === '') throw httpError('missingParameter', 'name');
  if (data === undefined || data === null) throw httpError('missingParameter', 'data');
  if (socketId !== undefined && socketId !== null && typeof socketId !== 'string') {
    throw httpError('invalidParameter', 'socket_id has to be a string');
  }
  return {
    event: {
      ...parseExtensions(parameters),
      name,
      channels,
      // The libraries send strings; what others send as JSON reaches clients as the string they would have sent.
      data: typeof data === 'string' ? data : JSON.stringify(data),
      socketId: socketId === null || socketId === '' ? undefined : socketId,
    },
    info: parseInfo(parameters['info'], COUNTS),
  };
}

/** What Pusher does not have; the limits are checked by core. */
function parseExtensions({
  tags,
  delta = null,
  conflation_key: key = null,
}: JsonObject): Pick<PublishedEvent, 'tags' | 'delta' | 'conflationKey'> {
  if (delta !== null && typeof delta !== 'boolean')
    throw httpError('invalidParameter', 'delta has to be true or false');
  if (key !== null && typeof key !== 'string' && typeof key !== 'number') {
    throw httpError('invalidParameter', 'conflation_key has to be a string');
  }
  return { tags, delta: delta ?? true, conflationKey: key === null ? undefined : String(key) };
}

function parseChannels({ channel, channels }: JsonObject): readonly string[] {
  if (channels === undefined || channels === null) {
    if (channel === undefined || channel === null || channel === '') throw httpError('missingParameter', 'channel');
    if (typeof channel !== 'string') throw httpError('invalidParameter', 'channel has to be a string');
    return [channel];
  }
  if (!Array.isArray(channels) || !channels.every((name) => typeof name === 'string')) {
    throw httpError('invalidParameter', 'channels has to be a list of strings');
  }
  if (channels.length === 0) throw httpError('missingParameter', 'channel');
  return channels;
}
