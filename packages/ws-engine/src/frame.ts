import type { Frame } from '@sluice/core';

/** FIN and opcode 1: a whole text message (RFC 6455 §5.2). */
const FINAL_TEXT = 0x81;

/** A text message ready for the wire. Server frames carry no mask, so the same bytes serve every client. */
export class TextFrame implements Frame {
  /** Header and payload in one piece: one write. */
  readonly bytes: Buffer;
  readonly #headerLength: number;

  private constructor(bytes: Buffer, headerLength: number) {
    this.bytes = bytes;
    this.#headerLength = headerLength;
  }

  get payload(): Buffer {
    return this.bytes.subarray(this.#headerLength);
  }

  /** HOT: once per message. Encodes straight behind the header, without a copy of the payload. */
  static ofText(text: string): TextFrame {
    const length = Buffer.byteLength(text);
    const headerLength = headerLengthFor(length);
    const bytes = Buffer.allocUnsafe(headerLength + length);
    writeHeader(bytes, length);
    bytes.write(text, headerLength, 'utf8');
    return new TextFrame(bytes, headerLength);
  }

  static ofBytes(payload: Uint8Array): TextFrame {
    const headerLength = headerLengthFor(payload.length);
    const bytes = Buffer.allocUnsafe(headerLength + payload.length);
    writeHeader(bytes, payload.length);
    bytes.set(payload, headerLength);
    return new TextFrame(bytes, headerLength);
  }
}

function headerLengthFor(length: number): number {
  return length < 126 ? 2 : length < 65_536 ? 4 : 10;
}

function writeHeader(bytes: Buffer, length: number): void {
  bytes[0] = FINAL_TEXT;
  if (length < 126) {
    bytes[1] = length;
  } else if (length < 65_536) {
    bytes[1] = 126;
    bytes.writeUInt16BE(length, 2);
  } else {
    bytes[1] = 127;
    bytes.writeBigUInt64BE(BigInt(length), 2);
  }
}
