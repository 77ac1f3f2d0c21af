import { ALGORITHMS, type PublicationMode, type SharedPatch } from '@sluice/delta';

/**
 * A message on its way between workers. Layout, lengths in bytes, integers big-endian:
 *
 *     version 1 · flags 1 · app length 2 · channel length 2 · except length 1 · app · channel · except · options · payload
 *
 * `options` are those that the flags name, in their order: each its length in 4 and its bytes. Most messages have none.
 * `payload` is the exact text that plain subscribers get, so that a receiving worker frames bytes without parsing.
 */
export interface Envelope {
  readonly appId: string;
  readonly channel: string;
  /** It is kept for later subscribers of its cache channel. */
  readonly kept: boolean;
  /** Socket id of the one connection that must not get it; empty for none. */
  readonly except: string;
  /** JSON, for the filters of subscribers; empty for none. */
  readonly tagsJson: string;
  /** Conflation key; empty for none. */
  readonly key: string;
  /** Names the message among all of all workers, as the base of a patch; empty where there are no deltas. */
  readonly id: string;
  readonly mode: PublicationMode;
  /** Made by the worker that sends it, for who holds the same base. */
  readonly patches: readonly SharedPatch[];
  readonly payload: Uint8Array;
}

const VERSION = 1;
const HEADER_BYTES = 7;
const LENGTH_BYTES = 4;

/** Flags: the event is kept; nobody is to get it as a delta; nobody is to get it as anything but a new base. */
const KEPT = 1;
const PLAIN = 2;
const FULL = 4;
/** Flags of the options. */
const TAGS = 8;
const KEY = 16;
const ID = 32;
const PATCHES = 64;
const OPTIONS = TAGS | KEY | ID | PATCHES;

/** HOT: once per message that leaves this worker. */
export function encodeEnvelope(envelope: Envelope): Buffer {
  const { appId, channel, except, payload } = envelope;
  const flags = flagsOf(envelope);
  const options = (flags & OPTIONS) === 0 ? [] : optionsOf(envelope);
  const appBytes = Buffer.byteLength(appId);
  let length = HEADER_BYTES + appBytes + channel.length + except.length + payload.length;
  for (const option of options) length += LENGTH_BYTES + option.length;
  // Channel names and socket ids are ASCII (protocol/channel-name.ts, socket-id.ts).
  const bytes = Buffer.allocUnsafe(length);
  bytes[0] = VERSION;
  bytes[1] = flags;
  bytes.writeUInt16BE(appBytes, 2);
  bytes.writeUInt16BE(channel.length, 4);
  bytes[6] = except.length;
  let offset = HEADER_BYTES;
  offset += bytes.write(appId, offset, 'utf8');
  offset += bytes.write(channel, offset, 'latin1');
  offset += bytes.write(except, offset, 'latin1');
  for (const option of options) {
    offset = bytes.writeUInt32BE(option.length, offset);
    bytes.set(option, offset);
    offset += option.length;
  }
  bytes.set(payload, offset);
  return bytes;
}

/** `undefined` for bytes that are no envelope of this version. `payload` and patches are views of `bytes`. */
export function decodeEnvelope(bytes: Uint8Array): Envelope | undefined {
  if (bytes.length < HEADER_BYTES || bytes[0] !== VERSION) return undefined;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const flags = buffer.readUInt8(1);
  const appEnd = HEADER_BYTES + buffer.readUInt16BE(2);
  const channelEnd = appEnd + buffer.readUInt16BE(4);
  const exceptEnd = channelEnd + buffer.readUInt8(6);
  const reader = new Reader(buffer, exceptEnd);
  const tags = (flags & TAGS) === 0 ? NONE : reader.next();
  const key = (flags & KEY) === 0 ? NONE : reader.next();
  const id = (flags & ID) === 0 ? NONE : reader.next();
  const patches = (flags & PATCHES) === 0 ? [] : decodePatches(reader.next());
  if (reader.offset > bytes.length || patches === undefined) return undefined;
  return {
    appId: buffer.toString('utf8', HEADER_BYTES, appEnd),
    kept: (flags & KEPT) !== 0,
    channel: buffer.toString('latin1', appEnd, channelEnd),
    except: buffer.toString('latin1', channelEnd, exceptEnd),
    tagsJson: tags.toString(),
    key: key.toString(),
    id: id.toString('latin1'),
    mode: (flags & PLAIN) !== 0 ? 'plain' : (flags & FULL) !== 0 ? 'full' : 'auto',
    patches,
    payload: bytes.subarray(reader.offset),
  };
}

const NONE = Buffer.alloc(0);

function flagsOf({ kept, tagsJson, key, id, mode, patches }: Envelope): number {
  let flags = kept ? KEPT : 0;
  if (mode === 'plain') flags |= PLAIN;
  if (mode === 'full') flags |= FULL;
  if (tagsJson !== '') flags |= TAGS;
  if (key !== '') flags |= KEY;
  if (id !== '') flags |= ID;
  return patches.length === 0 ? flags : flags | PATCHES;
}

function optionsOf({ tagsJson, key, id, patches }: Envelope): Buffer[] {
  const options: Buffer[] = [];
  if (tagsJson !== '') options.push(Buffer.from(tagsJson));
  if (key !== '') options.push(Buffer.from(key));
  if (id !== '') options.push(Buffer.from(id, 'latin1'));
  if (patches.length > 0) options.push(encodePatches(patches));
  return options;
}

/** Each: number of the algorithm 1, length of the id of its base 1, that id, length of the patch 4, the patch. */
function encodePatches(patches: readonly SharedPatch[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const { algorithm, baseId, bytes } of patches) {
    const head = Buffer.allocUnsafe(2 + baseId.length + LENGTH_BYTES);
    head[0] = ALGORITHMS.indexOf(algorithm);
    head[1] = baseId.length;
    head.write(baseId, 2, 'latin1');
    head.writeUInt32BE(bytes.length, 2 + baseId.length);
    parts.push(head, bytes);
  }
  return Buffer.concat(parts);
}

function decodePatches(bytes: Buffer): SharedPatch[] | undefined {
  const patches: SharedPatch[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const algorithm = ALGORITHMS[bytes[offset] ?? -1];
    const idEnd = offset + 2 + (bytes[offset + 1] ?? 0);
    const start = idEnd + LENGTH_BYTES;
    if (algorithm === undefined || start > bytes.length) return undefined;
    const baseId = bytes.toString('latin1', offset + 2, idEnd);
    offset = start + bytes.readUInt32BE(idEnd);
    if (offset > bytes.length) return undefined;
    patches.push({ algorithm, baseId, bytes: bytes.subarray(start, offset) });
  }
  return patches;
}

/** Reads pieces that are preceded by their length. Past the end it reads nothing, and `offset` says so. */
class Reader {
  readonly #bytes: Buffer;
  offset: number;

  constructor(bytes: Buffer, offset: number) {
    this.#bytes = bytes;
    this.offset = offset;
  }

  next(): Buffer {
    const start = this.offset + LENGTH_BYTES;
    this.offset = start > this.#bytes.length ? start : start + this.#bytes.readUInt32BE(this.offset);
    return this.#bytes.subarray(start, this.offset);
  }
}
