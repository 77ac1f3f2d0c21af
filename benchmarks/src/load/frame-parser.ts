// HOT: `push` runs once per read, its loop once per delivered message; no allocation on the path of a whole frame.
import { BenchmarkFailure } from '../errors.ts';

const TEXT = 0x81;
const BINARY = 0x82;
const CLOSE = 0x88;
const PING = 0x89;
const PONG = 0x8a;
/** Far above anything a benchmark sends: a larger length is a parser gone astray. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024;
const INCOMPLETE = -1;
const EMPTY = Buffer.alloc(0);

/** `bytes` is only lent for the time of the call. */
export interface FrameSink {
  /** A text, or a binary message. */
  message(bytes: Buffer, start: number, end: number): void;
  ping(payload: Buffer): void;
  /** 1005 when the frame carries no code (RFC 6455, 7.4.1). */
  closed(code: number): void;
}

/** Frames of a server, cut at any byte. Understands what Sluice sends: whole text and binary frames and control frames. */
export class FrameParser {
  readonly #sink: FrameSink;
  /** The beginning of a frame whose rest has not come yet. */
  #carry = EMPTY;
  #carried = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  push(chunk: Buffer, start: number, end: number): void {
    let at = this.#carried === 0 ? start : this.#complete(chunk, start, end);
    while (at < end) {
      const size = frameSize(chunk, at, end);
      if (size === INCOMPLETE || at + size > end) {
        this.#keep(chunk, at, end);
        return;
      }
      this.#dispatch(chunk, at, at + size);
      at += size;
    }
  }

  /** Takes from the chunk what the carried frame lacks, first of its header, then of its payload. */
  #complete(chunk: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end) {
      const size = frameSize(this.#carry, 0, this.#carried);
      const wanted = size === INCOMPLETE ? this.#carried + 1 : size;
      const taken = Math.min(wanted - this.#carried, end - at);
      this.#keep(chunk, at, at + taken);
      at += taken;
      if (this.#carried === frameSize(this.#carry, 0, this.#carried)) {
        this.#carried = 0;
        this.#dispatch(this.#carry, 0, wanted);
        break;
      }
    }
    return at;
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    const needed = this.#carried + end - start;
    if (needed > this.#carry.length) {
      const larger = Buffer.allocUnsafe(Math.max(512, needed * 2));
      this.#carry.copy(larger, 0, 0, this.#carried);
      this.#carry = larger;
    }
    chunk.copy(this.#carry, this.#carried, start, end);
    this.#carried = needed;
  }

  #dispatch(bytes: Buffer, start: number, end: number): void {
    const payload = start + headerSize(bytes[start + 1] ?? 0);
    const kind = bytes[start];
    if (kind === TEXT || kind === BINARY) this.#sink.message(bytes, payload, end);
    else if (kind === PING) this.#sink.ping(Buffer.from(bytes.subarray(payload, end)));
    else if (kind === CLOSE) this.#sink.closed(end - payload >= 2 ? bytes.readUInt16BE(payload) : 1005);
    else if (kind !== PONG) throw new BenchmarkFailure(`unexpected frame, first byte 0x${(kind ?? 0).toString(16)}`);
  }
}

function headerSize(lengthByte: number): number {
  return lengthByte < 126 ? 2 : lengthByte === 126 ? 4 : 10;
}

/** Header and payload together; INCOMPLETE while the header is not all there. */
function frameSize(bytes: Buffer, at: number, end: number): number {
  if (end - at < 2) return INCOMPLETE;
  // The mask bit is the highest: a masked server frame shows as a length above 127.
  const length = bytes[at + 1] ?? 0;
  if (length < 126) return 2 + length;
  if (length === 126) return end - at < 4 ? INCOMPLETE : 4 + bytes.readUInt16BE(at + 2);
  if (length > 127) throw new BenchmarkFailure('masked frame from the server');
  if (end - at < 10) return INCOMPLETE;
  const long = bytes.readUInt32BE(at + 2) * 2 ** 32 + bytes.readUInt32BE(at + 6);
  if (long > MAX_FRAME_BYTES) throw new BenchmarkFailure(`frame of ${long} bytes from the server`);
  return 10 + long;
}
