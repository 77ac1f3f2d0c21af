/**
 * Frames on the local bus, integers big-endian, lengths in bytes:
 *
 *     length of the rest 4 · type 1 · body             type 0: a control message, JSON
 *     length of the rest 4 · type 1 · topic length 4 · topic · message     type 1: a message for a topic
 */
const FRAME_CONTROL = 0;
const FRAME_TOPIC = 1;

const LENGTH_BYTES = 4;
const TYPE_BYTES = 1;
const TOPIC_LENGTH_BYTES = 4;

/** No honest frame is larger; a larger length means that the stream is out of step. */
const MAX_FRAME_BYTES = 256 * 1024 * 1024;

export function encodeControl(message: object): Buffer {
  const text = JSON.stringify(message);
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + TYPE_BYTES + length);
  frame.writeUInt32BE(TYPE_BYTES + length, 0);
  frame[LENGTH_BYTES] = FRAME_CONTROL;
  frame.write(text, LENGTH_BYTES + TYPE_BYTES, 'utf8');
  return frame;
}

/** HOT: once per message that leaves a worker. */
export function encodeTopicMessage(topic: string, message: Uint8Array): Buffer {
  const topicBytes = Buffer.byteLength(topic);
  const bodyAt = LENGTH_BYTES + TYPE_BYTES + TOPIC_LENGTH_BYTES + topicBytes;
  const frame = Buffer.allocUnsafe(bodyAt + message.length);
  frame.writeUInt32BE(frame.length - LENGTH_BYTES, 0);
  frame[LENGTH_BYTES] = FRAME_TOPIC;
  frame.writeUInt32BE(topicBytes, LENGTH_BYTES + TYPE_BYTES);
  frame.write(topic, LENGTH_BYTES + TYPE_BYTES + TOPIC_LENGTH_BYTES, 'utf8');
  frame.set(message, bodyAt);
  return frame;
}

const TOPIC_AT = LENGTH_BYTES + TYPE_BYTES + TOPIC_LENGTH_BYTES;

/** The topic of a whole topic frame. */
export function topicOf(frame: Buffer): string {
  return frame.toString('utf8', TOPIC_AT, messageAt(frame));
}

/** The message of a whole topic frame, as a view. */
export function messageOf(frame: Buffer): Buffer {
  return frame.subarray(messageAt(frame));
}

function messageAt(frame: Buffer): number {
  return TOPIC_AT + frame.readUInt32BE(LENGTH_BYTES + TYPE_BYTES);
}

export interface FrameHandler {
  onControl(message: unknown): void;
  /** A whole frame, to be passed on as it is or opened with {@link topicOf} and {@link messageOf}; a view of what came in. */
  onTopicMessage(frame: Buffer): void;
}

/** Cuts a byte stream back into frames. */
export class FrameReader {
  readonly #handler: FrameHandler;
  #chunks: Buffer[] = [];
  #buffered = 0;
  #needed = LENGTH_BYTES;

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** Throws on a stream that is out of step; it can only be given up. */
  read(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    if (this.#buffered < this.#needed) return;
    // Joined only when a whole frame is there, so that a large one arriving in pieces is copied once.
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#buffered);
    let offset = 0;
    this.#needed = LENGTH_BYTES;
    while (bytes.length - offset >= LENGTH_BYTES) {
      const length = bytes.readUInt32BE(offset);
      if (length < TYPE_BYTES || length > MAX_FRAME_BYTES) throw new Error(`frame of ${length} bytes on the local bus`);
      const end = offset + LENGTH_BYTES + length;
      if (end > bytes.length) {
        this.#needed = LENGTH_BYTES + length;
        break;
      }
      this.#handle(bytes.subarray(offset, end));
      offset = end;
    }
    const rest = bytes.subarray(offset);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#buffered = rest.length;
  }

  #handle(frame: Buffer): void {
    if (frame[LENGTH_BYTES] === FRAME_TOPIC) {
      this.#handler.onTopicMessage(frame);
    } else {
      this.#handler.onControl(JSON.parse(frame.toString('utf8', LENGTH_BYTES + TYPE_BYTES)));
    }
  }
}
