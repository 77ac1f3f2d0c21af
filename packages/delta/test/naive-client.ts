import * as vcdiff from '@ably/vcdiff-decoder';
import { applyDelta } from 'fossil-delta';
import { readBinaryDelta, type ReadDelta } from './read-binary-delta.ts';

interface Message {
  readonly event: string;
  readonly channel: string;
  readonly data: unknown;
  readonly __delta_seq?: number;
  readonly __conflation_key?: string;
}

interface DeltaData {
  readonly event: string;
  readonly delta: string;
  readonly seq: number;
  readonly algorithm?: string;
  readonly conflation_key?: string;
  readonly base_index: number;
}

interface SyncData {
  readonly states: Readonly<Record<string, readonly { readonly content: string; readonly seq: number }[]>>;
  readonly conflation_key: string;
}

interface Kept {
  readonly text: string;
  readonly sequence: number;
}

const MARKS = [
  /,"__delta_seq":\d+/g,
  /"__delta_seq":\d+,/g,
  /,"__conflation_key":"[^"]*"/g,
  /"__conflation_key":"[^"]*",/g,
];
const MAX_KEPT = 30;

/**
 * Follows the wire of one channel as Sockudo's client does: what it keeps, and for how long, which base it takes, and that it keeps
 * everything over a reconnect. Decodes with the published decoders.
 */
export class NaiveClient {
  #defaultAlgorithm: string;
  /** The algorithm of its present subscription. */
  decodes: string;
  #plain: Kept | undefined;
  #keyed: Map<string, Kept[]> | undefined;
  /** Events as a plain subscriber would have got them. */
  readonly texts: string[] = [];
  /** Deltas that it had no base for. Each has cost a message, and asked for a resync. */
  misses = 0;

  constructor(defaultAlgorithm: string) {
    this.#defaultAlgorithm = defaultAlgorithm;
    this.decodes = defaultAlgorithm;
  }

  /** `text`: a message, or a binary one with a character for each byte. False: it needs a resync. Throws where a delta does not fit its base. */
  receive(text: string): boolean {
    if (!text.startsWith('{')) return this.#delta(readBinaryDelta(Buffer.from(text, 'latin1')));
    const message = JSON.parse(text) as Message;
    switch (message.event) {
      case 'pusher:delta':
        return this.#delta(this.#fromJson(message.data as DeltaData));
      case 'pusher:delta_cache_sync':
        this.#sync(JSON.parse(message.data as string) as SyncData);
        return true;
      case 'pusher:delta_compression_enabled':
        this.#defaultAlgorithm = (message.data as { readonly algorithm?: string }).algorithm ?? this.#defaultAlgorithm;
        return true;
      default:
        this.#full(text, message);
        return true;
    }
  }

  /** What unsubscribing does; a lost connection does nothing. */
  forget(): void {
    this.#plain = undefined;
    this.#keyed = undefined;
  }

  #full(text: string, { __delta_seq: sequence, __conflation_key: key }: Message): void {
    if (typeof sequence !== 'number') {
      this.texts.push(text);
      return;
    }
    const base = MARKS.reduce((left, mark) => left.replace(mark, ''), text);
    this.texts.push(base);
    if (typeof key === 'string') this.#keyed ??= new Map();
    if (this.#keyed !== undefined && typeof key === 'string') this.#keep(key, { text: base, sequence });
    else this.#plain = { text: base, sequence };
  }

  #fromJson({ delta, seq: sequence, algorithm, conflation_key: key = '', base_index: base }: DeltaData): ReadDelta {
    const patch = Uint8Array.from(Buffer.from(delta, 'base64'));
    return { patch, sequence, algorithm: algorithm ?? this.#defaultAlgorithm, key, base };
  }

  #delta({ patch, sequence, algorithm, key, base: number }: ReadDelta): boolean {
    const base =
      this.#keyed === undefined ? this.#plain : this.#keyed.get(key)?.find((kept) => kept.sequence === number);
    if (base === undefined) {
      this.misses++;
      this.forget();
      return false;
    }
    if (algorithm !== this.decodes)
      throw new Error(`a delta by ${algorithm} for a client that decodes ${this.decodes}`);
    const source = new TextEncoder().encode(base.text);
    const bytes = algorithm === 'fossil' ? applyDelta(source, patch) : vcdiff.decode(patch, source);
    const text = Buffer.from(bytes).toString();
    this.texts.push(text);
    if (this.#keyed === undefined) this.#plain = { text, sequence };
    else this.#keep(key, { text, sequence });
    return true;
  }

  #sync({ states, conflation_key: path }: SyncData): void {
    this.#plain = undefined;
    this.#keyed = path === '' ? undefined : new Map();
    for (const [key, frames] of Object.entries(states)) {
      for (const { content: text, seq: sequence } of frames) this.#keep(key, { text, sequence });
    }
  }

  #keep(key: string, kept: Kept): void {
    const all = this.#keyed?.get(key) ?? [];
    all.push(kept);
    if (all.length > MAX_KEPT) all.shift();
    this.#keyed?.set(key, all);
  }
}
