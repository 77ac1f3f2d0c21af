/** A cluster has this many. */
export const SLOTS = 16_384;

/** CRC16 as XMODEM has it, which Redis Cluster takes: polynomial 0x1021, from 0. */
const CRC = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
  return crc;
});

/** The slot of a channel; only what is between the first `{` and the `}` behind it counts, where that is not empty. */
export function slotOf(channel: string): number {
  const bytes = Buffer.from(channel);
  const open = bytes.indexOf('{');
  const close = open === -1 ? -1 : bytes.indexOf('}', open);
  const isTagged = close > open + 1;
  const end = isTagged ? close : bytes.length;
  let crc = 0;
  for (let i = isTagged ? open + 1 : 0; i < end; i++) {
    crc = ((crc << 8) & 0xffff) ^ (CRC[(crc >> 8) ^ (bytes[i] ?? 0)] ?? 0);
  }
  return crc % SLOTS;
}
