/**
 * What nodes send each other, lengths in bytes, integers big-endian:
 *
 *     version 1 · kind 1 · origin 8 · number 6 · previous 6 · message                              numbered: to a topic
 *     version 1 · kind 1 · origin 8 · (length 4 · number 6 · previous 6 · message)…                gathered: several at once
 *     version 1 · kind 1 · origin 8 · number 6 · previous 6 · topic length 2 · topic · message     repeated: to one node
 *     version 1 · kind 1 · origin 8 · JSON                                                         notice: to all, or one
 *
 * `number` counts all messages of an origin; `previous` is the number of the one before on the same topic, or 0 where the origin
 * does not remember one. So an origin may forget topics, and a receiver still sees every hole. `length` is that of the message.
 */
export type NodeFrame =
  | { readonly kind: 'numbered'; readonly origin: NodeId; readonly messages: readonly NumberedMessage[] }
  | { readonly kind: 'repeated'; readonly origin: NodeId; readonly topic: string; readonly message: NumberedMessage }
  | { readonly kind: 'notice'; readonly origin: NodeId; readonly notice: unknown };

/** 16 hexadecimal digits, drawn when a node starts. A node that starts again is another one. */
export type NodeId = string;

export interface NumberedMessage {
  readonly number: number;
  readonly previous: number;
  readonly body: Buffer;
}

const VERSION = 1;
const KINDS = { numbered: 0, repeated: 1, notice: 2, gathered: 3 } as const;

const ORIGIN_AT = 2;
const ORIGIN_BYTES = 8;
const NUMBER_AT = ORIGIN_AT + ORIGIN_BYTES;
/** Enough for a million messages a second for nine years. */
const NUMBER_BYTES = 6;
const PREVIOUS_AT = NUMBER_AT + NUMBER_BYTES;
const BODY_AT = PREVIOUS_AT + NUMBER_BYTES;
const LENGTH_BYTES = 4;
const TOPIC_LENGTH_BYTES = 2;
const LONGEST_TOPIC_BYTES = 2 ** (8 * TOPIC_LENGTH_BYTES) - 1;

/** HOT: once per message that leaves this node. */
export function encodeNumbered(origin: NodeId, { number, previous, body }: NumberedMessage): Buffer {
  const frame = Buffer.allocUnsafe(BODY_AT + body.length);
  writeHead(frame, KINDS.numbered, origin);
  frame.writeUIntBE(number, NUMBER_AT, NUMBER_BYTES);
  frame.writeUIntBE(previous, PREVIOUS_AT, NUMBER_BYTES);
  frame.set(body, BODY_AT);
  return frame;
}

/** From at least two frames of one origin, to one topic. */
export function encodeGathered(frames: readonly Buffer[]): Buffer {
  let size = NUMBER_AT;
  for (const frame of frames) size += LENGTH_BYTES + frame.length - NUMBER_AT;
  const gathered = Buffer.allocUnsafe(size);
  frames[0]?.copy(gathered, 0, 0, NUMBER_AT);
  gathered[1] = KINDS.gathered;
  let at = NUMBER_AT;
  for (const frame of frames) {
    at = gathered.writeUInt32BE(frame.length - BODY_AT, at);
    at += frame.copy(gathered, at, NUMBER_AT);
  }
  return gathered;
}

/** From the frame that was sent to the topic. `undefined`: the name of the topic is longer than a frame can say. */
export function encodeRepeated(topic: string, numbered: Buffer): Buffer | undefined {
  const topicBytes = Buffer.byteLength(topic);
  if (topicBytes > LONGEST_TOPIC_BYTES) return undefined;
  const frame = Buffer.allocUnsafe(numbered.length + TOPIC_LENGTH_BYTES + topicBytes);
  numbered.copy(frame, 0, 0, BODY_AT);
  frame[1] = KINDS.repeated;
  frame.writeUInt16BE(topicBytes, BODY_AT);
  frame.write(topic, BODY_AT + TOPIC_LENGTH_BYTES, 'utf8');
  numbered.copy(frame, BODY_AT + TOPIC_LENGTH_BYTES + topicBytes, BODY_AT);
  return frame;
}

export function encodeNotice(origin: NodeId, notice: object): Buffer {
  const text = JSON.stringify(notice);
  const frame = Buffer.allocUnsafe(NUMBER_AT + Buffer.byteLength(text));
  writeHead(frame, KINDS.notice, origin);
  frame.write(text, NUMBER_AT, 'utf8');
  return frame;
}

/** `undefined` for what is no frame of this version. Bodies are views of `frame`. */
export function decodeFrame(frame: Buffer): NodeFrame | undefined {
  if (frame.length < NUMBER_AT || frame[0] !== VERSION) return undefined;
  const origin = frame.toString('hex', ORIGIN_AT, NUMBER_AT);
  const [, kind = -1] = frame;
  switch (kind) {
    case KINDS.numbered:
      if (frame.length < BODY_AT) return undefined;
      return { kind: 'numbered', origin, messages: [messageIn(frame, { numbersAt: NUMBER_AT, bodyAt: BODY_AT })] };
    case KINDS.gathered:
      return decodeGathered(origin, frame);
    case KINDS.repeated:
      return decodeRepeated(origin, frame);
    case KINDS.notice:
      return decodeNotice(origin, frame);
    default:
      return undefined;
  }
}

/** All or none: of what is cut short or too long nothing can be believed. */
function decodeGathered(origin: NodeId, frame: Buffer): NodeFrame | undefined {
  const messages: NumberedMessage[] = [];
  let at = NUMBER_AT;
  while (at < frame.length) {
    const numbersAt = at + LENGTH_BYTES;
    const bodyAt = numbersAt + BODY_AT - NUMBER_AT;
    if (bodyAt > frame.length) return undefined;
    const endAt = bodyAt + frame.readUInt32BE(at);
    if (endAt > frame.length) return undefined;
    messages.push(messageIn(frame, { numbersAt, bodyAt, endAt }));
    at = endAt;
  }
  return { kind: 'numbered', origin, messages };
}

function decodeRepeated(origin: NodeId, frame: Buffer): NodeFrame | undefined {
  const topicAt = BODY_AT + TOPIC_LENGTH_BYTES;
  if (frame.length < topicAt) return undefined;
  const bodyAt = topicAt + frame.readUInt16BE(BODY_AT);
  if (frame.length < bodyAt) return undefined;
  const topic = frame.toString('utf8', topicAt, bodyAt);
  return { kind: 'repeated', origin, topic, message: messageIn(frame, { numbersAt: NUMBER_AT, bodyAt }) };
}

function decodeNotice(origin: NodeId, frame: Buffer): NodeFrame | undefined {
  try {
    return { kind: 'notice', origin, notice: JSON.parse(frame.toString('utf8', NUMBER_AT)) };
  } catch {
    return undefined;
  }
}

interface Place {
  readonly numbersAt: number;
  readonly bodyAt: number;
  /** Left out: the message is the rest of the frame. */
  readonly endAt?: number;
}

function messageIn(frame: Buffer, { numbersAt, bodyAt, endAt }: Place): NumberedMessage {
  return {
    number: frame.readUIntBE(numbersAt, NUMBER_BYTES),
    previous: frame.readUIntBE(numbersAt + NUMBER_BYTES, NUMBER_BYTES),
    body: frame.subarray(bodyAt, endAt),
  };
}

function writeHead(frame: Buffer, kind: number, origin: NodeId): void {
  frame[0] = VERSION;
  frame[1] = kind;
  frame.write(origin, ORIGIN_AT, 'hex');
}
