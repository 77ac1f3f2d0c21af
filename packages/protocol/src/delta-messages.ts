// What the server says about deltas, in the form that Sockudo's clients know, on protocol 7. Other clients never ask for
// deltas and get none of it. `data` is an object in all of them but pusher:delta_cache_sync.
export { binaryDelta, binaryDeltaHeaderBytes } from './binary-delta.ts';

/** Names on the wire. `xdelta3` means VCDIFF. */
export const DELTA_ALGORITHMS = ['fossil', 'xdelta3'] as const;
export type DeltaAlgorithm = (typeof DELTA_ALGORITHMS)[number];

/** What makes a full frame a base. */
export interface DeltaMarks {
  /** Above 0; names the frame in `base_index` of later deltas. */
  readonly sequence: number;
  /** Without anything that JSON would escape. `undefined` on channels without keys; empty for a frame without one. */
  readonly key: string | undefined;
}

export interface Delta extends DeltaMarks {
  readonly channel: string;
  /** The frame that the delta makes, as plain subscribers get it. */
  readonly text: string;
  readonly patch: Uint8Array;
  readonly algorithm: DeltaAlgorithm;
  /** The client was told it when it asked for deltas; the JSON leaves it out then. */
  readonly isAlgorithmTold: boolean;
  /** The sequence of the base. */
  readonly base: number;
}

/** The answer to `pusher:enable_delta_compression`; `null` where the client and the server have no algorithm in common. */
export function deltaCompressionEnabled(algorithm: DeltaAlgorithm | null): string {
  const data = algorithm === null ? '{"enabled":false}' : `{"enabled":true,"algorithm":"${algorithm}"}`;
  return `{"event":"pusher:delta_compression_enabled","data":${data}}`;
}

/**
 * A full frame that becomes a base. Clients cut the marks out again, by these very characters, and what is left has to be the
 * text that patches are made for. So they stand last, without spaces.
 */
export function fullFrame(text: string, { sequence, key }: DeltaMarks): string {
  const keyed = key === undefined ? '' : `,"__conflation_key":"${key}"`;
  return `${text.slice(0, -1)},"__delta_seq":${sequence}${keyed}}`;
}

/**
 * True for a text of which clients would cut out more than the marks. HOT: on every publication; so what is looked for begins
 * with a character that is rarer in JSON than a quote.
 */
export function holdsDeltaMarks(text: string): boolean {
  return text.includes('__delta_seq":') || text.includes('__conflation_key":');
}

export function deltaFrame(delta: Delta): string {
  const [head, tail] = deltaEnvelope(delta);
  return head + Buffer.from(delta.patch.buffer, delta.patch.byteOffset, delta.patch.length).toString('base64') + tail;
}

/** Bytes of the frame around the patch, which is base64. */
export function deltaEnvelopeBytes(delta: Omit<Delta, 'patch'>): number {
  const [head, tail] = deltaEnvelope(delta);
  return Buffer.byteLength(head) + Buffer.byteLength(tail);
}

function deltaEnvelope({
  channel,
  text,
  sequence,
  key,
  algorithm,
  isAlgorithmTold,
  base,
}: Omit<Delta, 'patch'>): readonly [string, string] {
  const named = isAlgorithmTold ? '' : `,"algorithm":"${algorithm}"`;
  const keyed = key === undefined || key === '' ? '' : `,"conflation_key":"${key}"`;
  return [
    `{"event":"pusher:delta","channel":"${channel}","data":{"event":${eventNameJson(text)},"delta":"`,
    `","seq":${sequence}${named}${keyed},"base_index":${base}}}`,
  ];
}

const EVENT_NAME = /^\{"event":("(?:[^"\\]|\\.)*")/;

/** The name of the event of a channel's frame, as JSON. All frames for channels begin with it (server-messages.ts). */
function eventNameJson(text: string): string {
  return EVENT_NAME.exec(text)?.[1] ?? '""';
}

/** What a client may hold for one conflation key: texts of frames, the newest last. */
export interface CachedFrames {
  readonly key: string;
  readonly frames: readonly { readonly text: string; readonly sequence: number }[];
}

export interface DeltaCache {
  readonly channel: string;
  /** Path of the channel's key; never empty, since clients take an empty one for a channel without keys. */
  readonly conflationKey: string;
  readonly maxMessagesPerKey: number;
  readonly states: readonly CachedFrames[];
}

/** Bases for a late subscriber, so that its first frames can be deltas. Clients forget what they held for the channel. */
export function deltaCacheSync({ channel, conflationKey, maxMessagesPerKey, states }: DeltaCache): string {
  const texts = states.map(({ key, frames }) => {
    const contents = frames.map(({ text, sequence }) => `{"content":${JSON.stringify(text)},"seq":${sequence}}`);
    return `${JSON.stringify(key)}:[${contents.join()}]`;
  });
  const data =
    `{"max_messages_per_key":${maxMessagesPerKey},"states":{${texts.join()}},` +
    `"conflation_key":${JSON.stringify(conflationKey)}}`;
  return `{"event":"pusher:delta_cache_sync","channel":"${channel}","data":${JSON.stringify(data)}}`;
}
