export const TEXT_FRAME = 0x81;
export const PONG_FRAME = 0x8a;

/** Any key but zero, so that the server has the work of unmasking; chance would only cost the generator time. */
const MASK = [0x5a, 0x13, 0xc7, 0x2e] as const;

/** A masked frame of up to 65,535 bytes, which is all a client here sends. */
export function clientFrame(firstByte: number, payload: Buffer): Buffer {
  const short = payload.length < 126;
  const header = short ? 2 : 4;
  const frame = Buffer.allocUnsafe(header + 4 + payload.length);
  frame[0] = firstByte;
  frame[1] = 0x80 | (short ? payload.length : 126);
  if (!short) frame.writeUInt16BE(payload.length, 2);
  frame.set(MASK, header);
  for (const [i, byte] of payload.entries()) frame[header + 4 + i] = byte ^ (MASK[i & 3] ?? 0);
  return frame;
}
