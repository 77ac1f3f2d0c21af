import { headers, type Msg, type MsgHdrs } from '@nats-io/transport-node';

export interface Part {
  readonly headers: MsgHdrs;
  readonly data: Uint8Array;
}

const HEADER = 'Sluice-Part';
/** What the header takes of the largest payload, generously. */
const HEADER_BYTES = 256;

/** What is kept of messages that are not whole yet. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Cuts a message that is larger than NATS takes. `name` is its sender, a space, and what tells it from others of that sender. */
export function* partsOf(message: Uint8Array, maxPayload: number, name: string): Generator<Part> {
  const size = maxPayload - HEADER_BYTES;
  const count = Math.ceil(message.length / size);
  for (let i = 0; i < count; i++) {
    const header = headers();
    header.set(HEADER, `${name} ${i} ${count}`);
    yield { headers: header, data: message.subarray(i * size, (i + 1) * size) };
  }
}

interface Unfinished {
  readonly number: string;
  readonly parts: Uint8Array[];
  bytes: number;
}

/**
 * Puts messages together again. The parts of one come in order and, of one sender on one topic, next to each other: there is
 * one at a time, and it is forgotten when another begins before it is whole.
 */
export class PartsBuffer {
  /** By topic and sender, the one that was begun first before all others. */
  readonly #unfinished = new Map<string, Unfinished>();
  #bytes = 0;

  /** The message; undefined: it is not whole. */
  add(topic: string, { headers: header, data }: Msg): Uint8Array | undefined {
    if (header === undefined) return data;
    const [sender, number, index, count] = header.get(HEADER).split(' ');
    if (sender === undefined || number === undefined) return undefined;
    const key = `${sender} ${topic}`;
    if (index === '0') this.#begin(key, number);
    const unfinished = this.#unfinished.get(key);
    if (unfinished?.number !== number || String(unfinished.parts.length) !== index) {
      this.#forget(key);
      return undefined;
    }
    unfinished.parts.push(data);
    unfinished.bytes += data.length;
    this.#bytes += data.length;
    if (String(unfinished.parts.length) === count) {
      this.#forget(key);
      return Buffer.concat(unfinished.parts);
    }
    for (const oldest of this.#unfinished.keys()) {
      if (this.#bytes <= MAX_BYTES) break;
      this.#forget(oldest);
    }
    return undefined;
  }

  /** What was under way is lost. */
  clear(): void {
    this.#unfinished.clear();
    this.#bytes = 0;
  }

  #begin(key: string, number: string): void {
    this.#forget(key);
    this.#unfinished.set(key, { number, parts: [], bytes: 0 });
  }

  #forget(key: string): void {
    this.#bytes -= this.#unfinished.get(key)?.bytes ?? 0;
    this.#unfinished.delete(key);
  }
}
