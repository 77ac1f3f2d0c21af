/** A delta as clients read it, from JSON or from bytes. */
export interface ReadDelta {
  readonly patch: Uint8Array;
  readonly sequence: number;
  readonly algorithm: string;
  readonly key: string;
  readonly base: number;
}

/** `pusher:delta` in bytes (apps/docs/deltas.md), read by nobody who writes or reads it elsewhere. */
export function readBinaryDelta(bytes: Buffer): ReadDelta {
  const channelEnd = 17 + bytes.readUInt16BE(1);
  const keyEnd = channelEnd + bytes.readUInt16BE(3);
  return {
    algorithm: bytes[0] === 1 ? 'fossil' : 'xdelta3',
    sequence: bytes.readUIntBE(5, 6),
    base: bytes.readUIntBE(11, 6),
    key: bytes.toString('utf8', channelEnd, keyEnd),
    patch: Uint8Array.from(bytes.subarray(keyEnd)),
  };
}
