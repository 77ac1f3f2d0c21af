/**
 * A message on its way between workers. Layout, lengths in bytes, integers big-endian:
 *
 *     version 1 · flags 1 · app length 2 · channel length 2 · except length 1 · app · channel · except · payload
 *
 * `payload` is the exact text that plain subscribers get, so that a receiving worker frames bytes without parsing.
 */
export interface Envelope {
  readonly appId: string;
  readonly channel: string;
  /** It is kept for later subscribers of its cache channel. */
  readonly kept: boolean;
  /** Socket id of the one connection that must not get it; empty for none. */
  readonly except: string;
  readonly payload: Uint8Array;
}

const VERSION = 1;
const HEADER_BYTES = 7;

/** A flag: the event is kept. */
const KEPT = 1;

/** HOT: once per message that leaves this worker. */
export function encodeEnvelope(envelope: Envelope): Buffer {
  const { appId, channel, except, kept, payload } = envelope;
  const appBytes = Buffer.byteLength(appId);
  // Channel names and socket ids are ASCII (protocol/channel-name.ts, socket-id.ts).
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + appBytes + channel.length + except.length + payload.length);
  bytes[0] = VERSION;
  bytes[1] = kept ? KEPT : 0;
  bytes.writeUInt16BE(appBytes, 2);
  bytes.writeUInt16BE(channel.length, 4);
  bytes[6] = except.length;
  let offset = HEADER_BYTES;
  offset += bytes.write(appId, offset, 'utf8');
  offset += bytes.write(channel, offset, 'latin1');
  offset += bytes.write(except, offset, 'latin1');
  bytes.set(payload, offset);
  return bytes;
}

/** `undefined` for bytes that are no envelope of this version. `payload` is a view of `bytes`. */
export function decodeEnvelope(bytes: Uint8Array): Envelope | undefined {
  if (bytes.length < HEADER_BYTES || bytes[0] !== VERSION) return undefined;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const appEnd = HEADER_BYTES + buffer.readUInt16BE(2);
  const channelEnd = appEnd + buffer.readUInt16BE(4);
  const exceptEnd = channelEnd + buffer.readUInt8(6);
  if (exceptEnd > bytes.length) return undefined;
  return {
    appId: buffer.toString('utf8', HEADER_BYTES, appEnd),
    kept: (buffer.readUInt8(1) & KEPT) !== 0,
    channel: buffer.toString('latin1', appEnd, channelEnd),
    except: buffer.toString('latin1', channelEnd, exceptEnd),
    payload: bytes.subarray(exceptEnd),
  };
}
