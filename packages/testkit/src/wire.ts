/** One WebSocket frame as a client sends it (RFC 6455 §5.2), with anything about it wrong that a test wants. */
export interface FrameSpec {
  /** 1: text. */
  readonly opcode?: number;
  readonly payload?: string | Buffer;
  readonly fin?: boolean;
  /** The three reserved bits, 0 to 7. */
  readonly reserved?: number;
  readonly masked?: boolean;
  /** Instead of the payload's own length. */
  readonly declaredLength?: bigint;
}

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

const MASK = Buffer.from([0x5a, 0xc3, 0x0f, 0x99]);

export function frame(spec: FrameSpec): Buffer {
  const { opcode = OPCODE.text, fin = true, reserved = 0, masked = true } = spec;
  const payload = Buffer.from(spec.payload ?? '');
  const first = Buffer.from([(fin ? 0x80 : 0) | (reserved << 4) | opcode]);
  const length = lengthBytes(spec.declaredLength ?? BigInt(payload.length));
  if (!masked) return Buffer.concat([first, length, payload]);
  length[0] = (length[0] ?? 0) | 0x80;
  return Buffer.concat([first, length, MASK, payload.map((byte, i) => byte ^ (MASK[i % 4] ?? 0))]);
}

/** A text frame of JSON. */
export function message(content: unknown): Buffer {
  return frame({ payload: JSON.stringify(content) });
}

function lengthBytes(length: bigint): Buffer {
  if (length < 126n) return Buffer.from([Number(length)]);
  if (length < 65_536n) return Buffer.from([126, Number(length >> 8n), Number(length & 255n)]);
  const bytes = Buffer.alloc(9);
  bytes[0] = 127;
  bytes.writeBigUInt64BE(length, 1);
  return bytes;
}

export interface ServerFrame {
  readonly opcode: number;
  /** By the first reserved bit (RFC 7692 §6). */
  readonly isCompressed: boolean;
  readonly payload: Buffer;
}

/** The whole frames behind the server's answer to the handshake. */
export function framesIn(received: Buffer): ServerFrame[] {
  const frames: ServerFrame[] = [];
  let at = received.indexOf('\r\n\r\n') + 4;
  while (received.length >= at + 2) {
    const short = received.readUInt8(at + 1) & 0x7f;
    const headerLength = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (received.length < at + headerLength) break;
    const length =
      short < 126 ? short : short === 126 ? received.readUInt16BE(at + 2) : Number(received.readBigUInt64BE(at + 2));
    const end = at + headerLength + length;
    if (received.length < end) break;
    const first = received.readUInt8(at);
    frames.push({
      opcode: first & 0x0f,
      isCompressed: (first & 0x40) !== 0,
      payload: received.subarray(at + headerLength, end),
    });
    at = end;
  }
  return frames;
}

export function textsIn(received: Buffer): string[] {
  return framesIn(received)
    .filter(({ opcode }) => opcode === OPCODE.text)
    .map(({ payload }) => payload.toString());
}

/** The code of the server's close frame, if it has sent one. */
export function closeCodeIn(received: Buffer): number | undefined {
  return framesIn(received)
    .find(({ opcode }) => opcode === OPCODE.close)
    ?.payload.readUInt16BE(0);
}
