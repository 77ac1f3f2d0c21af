/** A frame of the server with the two members that make it a base (`__delta_seq`, `__conflation_key`) taken off. */
export interface FullFrame {
  readonly text: string;
  readonly seq: number;
  readonly key: string;
}

export interface DeltaFrame {
  readonly channel: string;
  readonly seq: number;
  readonly key: string;
  readonly delta: Uint8Array;
  /** Number of the base. */
  readonly base: number | undefined;
  readonly algorithm: string | undefined;
}

export interface CachedMessage {
  readonly key: string;
  readonly seq: number;
  readonly content: string;
}

export type Members = Readonly<Record<string, unknown>>;

const MARK = ',"__delta_seq":';
// Servers write both at the very end, without white space, behind all other members.
const MARKS = /,"__delta_seq":(\d+)(?:,"__conflation_key":("(?:[^"\\]|\\.)*"))?\}$/y;
const HEAD = /^\{"event":"(?:[^"\\]|\\.)*","channel":("(?:[^"\\]|\\.)*")/;

/** Undefined for a frame that is no base, and stays as it is. */
export function readFullFrame(text: string): FullFrame | undefined {
  const at = text.lastIndexOf(MARK);
  if (at === -1) return undefined;
  MARKS.lastIndex = at;
  const marks = MARKS.exec(text);
  if (marks === null) return undefined;
  const [, seq, key] = marks;
  return { text: `${text.slice(0, at)}}`, seq: Number(seq), key: key === undefined ? '' : String(parse(key)) };
}

/** The channel a frame is for. Read from its head where servers write it, without parsing the rest. */
export function channelOf(text: string): string | undefined {
  const quoted = HEAD.exec(text)?.[1];
  const channel = quoted === undefined ? membersOf(parse(text))['channel'] : parse(quoted);
  return typeof channel === 'string' ? channel : undefined;
}

/** Undefined for one that makes no sense. */
export function readDelta(channel: string, data: Members): DeltaFrame | undefined {
  const { seq, delta, algorithm } = data;
  const { conflation_key: key = '', base_index: base } = data;
  if (typeof seq !== 'number' || typeof delta !== 'string' || typeof key !== 'string') return undefined;
  const bytes = fromBase64(delta);
  if (bytes === undefined) return undefined;
  return {
    channel,
    seq,
    key,
    delta: bytes,
    base: typeof base === 'number' ? base : undefined,
    algorithm: typeof algorithm === 'string' ? algorithm : undefined,
  };
}

const BINARY_ALGORITHMS: readonly (string | undefined)[] = [undefined, 'fossil', 'xdelta3'];
const BINARY_HEADER_BYTES = 17;

/**
 * A delta in bytes, integers big-endian: algorithm 1, channel length 2, key length 2, sequence 6, sequence of the base 6, channel,
 * key, patch. Undefined for a binary message that is none.
 */
export function readBinaryDelta(bytes: Uint8Array): DeltaFrame | undefined {
  if (bytes.length < BINARY_HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const algorithm = BINARY_ALGORITHMS[view.getUint8(0)];
  const channelEnd = BINARY_HEADER_BYTES + view.getUint16(1);
  const keyEnd = channelEnd + view.getUint16(3);
  if (algorithm === undefined || keyEnd > bytes.length) return undefined;
  const number = (at: number): number => view.getUint16(at) * 2 ** 32 + view.getUint32(at + 2);
  const text = (from: number, to: number): string => new TextDecoder().decode(bytes.subarray(from, to));
  return {
    channel: text(BINARY_HEADER_BYTES, channelEnd),
    seq: number(5),
    key: text(channelEnd, keyEnd),
    delta: bytes.subarray(keyEnd),
    base: number(11),
    algorithm,
  };
}

/** The messages of a `pusher:delta_cache_sync`, those of one key in their order. */
export function readCacheSync(data: Members): readonly CachedMessage[] {
  return Object.entries(membersOf(data['states'])).flatMap(([key, messages]) =>
    (Array.isArray(messages) ? (messages as readonly unknown[]) : []).flatMap((message) => {
      const { content, seq } = membersOf(message);
      return typeof content === 'string' && typeof seq === 'number' ? [{ key, seq, content }] : [];
    }),
  );
}

/** `data` of a frame: an object, or the same as a string of JSON. */
export function dataOf(frame: Members): Members {
  const { data } = frame;
  return membersOf(typeof data === 'string' ? parse(data) : data);
}

export function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {};
}

/** Undefined for what is no JSON. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fromBase64(text: string): Uint8Array | undefined {
  try {
    const binary = atob(text);
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
    return bytes;
  } catch {
    return undefined;
  }
}
