import { fillTemplate } from '@sluice/protocol';

/** Why a publish is refused, all of it: nothing was sent to anybody. */
export interface PublishRefusal {
  readonly reason: 'invalid' | 'too_large';
  readonly message: string;
}

export interface PublishErrorSpec {
  readonly reason: PublishRefusal['reason'];
  /** `%s` stands for the parts given to {@link publishError}, in order. */
  readonly text: string;
  readonly remedy: string;
}

/** Texts marked "Pusher" are those of Pusher's own API, to the letter. */
export const PUBLISH_ERRORS = {
  batchTooLarge: {
    reason: 'invalid',
    text: 'Batch too large (%s > %s)',
    remedy: 'Pusher. Send several batches, or raise `max_event_batch_size` of the app.',
  },
  noChannel: {
    reason: 'invalid',
    text: 'Missing required parameter: channel',
    remedy: 'Pusher. Name a `channel`, or `channels` with at least one.',
  },
  tooManyChannels: {
    reason: 'invalid',
    text: 'Too many channels (%s > %s)',
    remedy: 'Publish in several calls, or raise `max_event_channels_at_once` of the app.',
  },
  invalidChannel: {
    reason: 'invalid',
    text: "Invalid channel name '%s': use up to %s of the characters A-Z a-z 0-9 _ - = @ , . ;",
    remedy: 'Rename the channel. `#` is reserved and `:` is not allowed.',
  },
  nameTooLong: {
    reason: 'invalid',
    text: 'The event name has more than %s characters',
    remedy: 'Shorten the name, or raise `max_event_name_length` of the app.',
  },
  reservedName: {
    reason: 'invalid',
    text: "Invalid event name '%s': the prefixes pusher: and pusher_internal: are reserved",
    remedy: 'Rename the event; clients take these prefixes for messages of the protocol.',
  },
  invalidSocketId: {
    reason: 'invalid',
    text: "Invalid socket_id '%s': expected two numbers joined by a dot",
    remedy: 'Pass on `pusher.connection.socket_id` of the client as it is.',
  },
  invalidTags: {
    reason: 'invalid',
    text: 'Invalid %s',
    remedy: '`tags` is an object of up to 32 strings, numbers or booleans.',
  },
  keyTooLong: {
    reason: 'invalid',
    text: 'The conflation_key has more than %s characters',
    remedy: 'Shorten it: it names what the event is about, and newer events with the same key take its place.',
  },
  dataTooLarge: {
    reason: 'too_large',
    text: 'The data content of this event exceeds the allowed maximum (%s bytes).',
    remedy: 'Pusher. Send less (a reference instead of the thing), or raise `max_event_payload_in_kb` of the app.',
  },
} as const satisfies Record<string, PublishErrorSpec>;

const MAX_ECHO = 200;

export function publishError(
  name: keyof typeof PUBLISH_ERRORS,
  ...parts: readonly (string | number)[]
): PublishRefusal {
  const spec = PUBLISH_ERRORS[name];
  const message = fillTemplate({ text: spec.text, maxEcho: MAX_ECHO }, parts);
  return { reason: spec.reason, message };
}
