import type { Frame } from '@sluice/core';
import { deflate } from './deflate.ts';

/** FIN and opcode 1, a whole text message, or opcode 2, a whole binary one (RFC 6455 §5.2). */
const FINAL_TEXT = 0x81;
const FINAL_BINARY = 0x82;

/** RSV1: compressed (RFC 7692 §6). */
const DEFLATED = 0x40;

/** A message ready for the wire. Server frames carry no mask, so the same bytes serve every client. */
export class MessageFrame implements Frame {
  /** Header and payload in one piece: one write. */
  readonly bytes: Buffer;
  readonly #headerLength: number;
  #deflated: MessageFrame | null = null;

  private constructor(bytes: Buffer, headerLength: number) {
    this.bytes = bytes;
    this.#headerLength = headerLength;
  }

  get isBinary(): boolean {
    return this.bytes[0] === FINAL_BINARY;
  }

  get payload(): Buffer {
    return this.bytes.subarray(this.#headerLength);
  }

  /** The message compressed, or this frame where that makes it no smaller. Made when first asked for, then shared like the frame. */
  get deflated(): MessageFrame {
    return (this.#deflated ??= this.#deflate());
  }

  /** HOT: once per message. Encodes straight behind the header, without a copy of the payload. */
  static ofText(text: string): MessageFrame {
    const length = Buffer.byteLength(text);
    const headerLength = headerLengthFor(length);
    const bytes = Buffer.allocUnsafe(headerLength + length);
    writeHeader(bytes, FINAL_TEXT, length);
    bytes.write(text, headerLength, 'utf8');
    return new MessageFrame(bytes, headerLength);
  }

  /** `payload`: UTF-8. */
  static ofTextBytes(payload: Uint8Array): MessageFrame {
    return MessageFrame.#of(FINAL_TEXT, payload);
  }

  static ofBinary(payload: Uint8Array): MessageFrame {
    return MessageFrame.#of(FINAL_BINARY, payload);
  }

  static #of(firstByte: number, payload: Uint8Array): MessageFrame {
    const headerLength = headerLengthFor(payload.length);
    const bytes = Buffer.allocUnsafe(headerLength + payload.length);
    writeHeader(bytes, firstByte, payload.length);
    bytes.set(payload, headerLength);
    return new MessageFrame(bytes, headerLength);
  }

  #deflate(): MessageFrame {
    const deflated = deflate(this.payload);
    return deflated === null ? this : MessageFrame.#of((this.bytes[0] ?? FINAL_TEXT) | DEFLATED, deflated);
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
