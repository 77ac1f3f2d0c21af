// The form of deltas for clients that ask for it with `"binary": true`: a binary message, integers big-endian,
//
//     algorithm 1 · channel length 2 · key length 2 · sequence 6 · sequence of the base 6 · channel · key · patch
//
// It says what `pusher:delta` says (delta-messages.ts), in a quarter of the bytes around the patch and without base64. The name of
// the event is left out: the patch makes the whole text. Clients that do not ask never get a binary message.
import type { Delta } from './delta-messages.ts';

const ALGORITHM = { fossil: 1, xdelta3: 2 } as const;
const FIXED_BYTES = 17;

/** Bytes before the patch. */
export function binaryDeltaHeaderBytes({ channel, key = '' }: Omit<Delta, 'patch'>): number {
  // Channel names are ASCII (channel-name.ts).
  return FIXED_BYTES + channel.length + Buffer.byteLength(key);
}

export function binaryDelta(delta: Delta): Buffer {
  const { algorithm, channel, key = '', sequence, base, patch } = delta;
  const header = binaryDeltaHeaderBytes(delta);
  const bytes = Buffer.allocUnsafe(header + patch.length);
  bytes[0] = ALGORITHM[algorithm];
  bytes.writeUInt16BE(channel.length, 1);
  bytes.writeUInt16BE(header - FIXED_BYTES - channel.length, 3);
  bytes.writeUIntBE(sequence, 5, 6);
  bytes.writeUIntBE(base, 11, 6);
  bytes.write(channel, FIXED_BYTES, 'latin1');
  bytes.write(key, FIXED_BYTES + channel.length, 'utf8');
  bytes.set(patch, header);
  return bytes;
}
