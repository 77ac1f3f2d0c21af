import type { Frame } from '@sluice/core';
import { deflate } from './deflate.ts';

/** FIN and opcode 1: a whole text message (RFC 6455 §5.2). */
const FINAL_TEXT = 0x81;

/** The same with RSV1: compressed (RFC 7692 §6). */
const FINAL_DEFLATED_TEXT = 0xc1;

/** A text message ready for the wire. Server frames carry no mask, so the same bytes serve every client. */
export class TextFrame implements Frame {
  /** Header and payload in one piece: one write. */
  readonly bytes: Buffer;
  readonly #headerLength: number;
  #deflated: TextFrame | null = null;

  private constructor(bytes: Buffer, headerLength: number) {
    this.bytes = bytes;
    this.#headerLength = headerLength;
  }

  get payload(): Buffer {
    return this.bytes.subarray(this.#headerLength);
  }

  /** The message compressed, or this frame where that makes it no smaller. Made when first asked for, then shared like the frame. */
  get deflated(): TextFrame {
    return (this.#deflated ??= this.#deflate());
  }

  /** HOT: once per message. Encodes straight behind the header, without a copy of the payload. */
  static ofText(text: string): TextFrame {
    const length = Buffer.byteLength(text);
    const headerLength = headerLengthFor(length);
    const bytes = Buffer.allocUnsafe(headerLength + length);
    writeHeader(bytes, FINAL_TEXT, length);
    bytes.write(text, headerLength, 'utf8');
    return new TextFrame(bytes, headerLength);
  }

  static ofBytes(payload: Uint8Array): TextFrame {
    return TextFrame.#of(FINAL_TEXT, payload);
  }

  static #of(firstByte: number, payload: Uint8Array): TextFrame {
    const headerLength = headerLengthFor(payload.length);
    const bytes = Buffer.allocUnsafe(headerLength + payload.length);
    writeHeader(bytes, firstByte, payload.length);
    bytes.set(payload, headerLength);
    return new TextFrame(bytes, headerLength);
  }

  #deflate(): TextFrame {
    const deflated = deflate(this.payload);
    return deflated === null ? this : TextFrame.#of(FINAL_DEFLATED_TEXT, deflated);
  }
}

function headerLengthFor(length: number): number {
  return length < 126 ? 2 : length < 65_536 ? 4 : 10;
}

function writeHeader(bytes: Buffer, firstByte: number, length: number): void {
  bytes[0] = firstByte;
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
