import { forgetOldest } from '../oldest.ts';
import { Flow, type Parcel } from './flow.ts';
import { encodeGathered, encodeNumbered, type NodeId } from './frames.ts';
import type { Numbers } from './incoming.ts';

/** What is kept of the messages of this node, for those who missed some, and until the transport has them. */
export interface OutgoingBounds {
  readonly maxMessages: number;
  readonly maxBytes: number;
  /** Older ones are not kept, unless the transport has not taken them over. */
  readonly maxAgeMs: number;
}

export interface OutgoingOptions {
  readonly origin: NodeId;
  readonly bounds: OutgoingBounds;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  /** Hands a frame to the transport, which may lose it. */
  readonly send: (topic: string, frame: Buffer, confirmed: () => void) => void;
}

interface Kept {
  readonly topic: string;
  readonly frame: Buffer;
  readonly number: number;
  readonly previous: number;
  readonly at: number;
  isConfirmed: boolean;
}

/** What goes to the transport at once. */
interface Sending extends Parcel {
  readonly kept: readonly Kept[];
}

/** Some forty events: what a message costs by itself is a small share of each by then. */
const GATHERED_BYTES = 16 * 1024;

/** The newest number of a topic. */
export type Tail = readonly [topic: string, number: number];

/** Topics whose last number is remembered though their messages are not: some 5 MB with names of 60 bytes. */
const MAX_FADED = 65_536;

/** Messages that somebody missed, as far as they are here. */
export interface Remembered {
  /** What came on the topic up to this number is not to be had any more; not above what was asked for: all is there. */
  readonly lostUpTo: number;
  /** Newest first. */
  readonly numbers: number[];
}

/**
 * Numbers the messages of this node and keeps the newest: those that the transport has not confirmed are sent again when it
 * is back, and those that others missed on request.
 */
export class Outgoing {
  readonly #options: OutgoingOptions;
  /** By number, without a hole: the first has number `#first`. */
  #kept: (Kept | undefined)[] = [];
  #gone = 0;
  #first = 1;
  #bytes = 0;
  /** The newest number of each topic that has a message here. */
  readonly #newest = new Map<string, number>();
  /** The newest number of each topic that has no message here any more, oldest first: without it nobody would notice a loss. */
  readonly #faded = new Map<string, number>();
  readonly #flow: Flow<Sending>;
  /** Messages that the transport has not confirmed. */
  unconfirmed = 0;
  /** In this connection, everything up to this number was handed to the transport, or is confirmed. */
  #sent = 0;
  /** In any connection, what was handed to the transport had numbers up to this one. */
  #handedOver = 0;
  /** Messages that found no room while the transport was away. */
  refused = 0;
  /** Times that a message went out that had been handed to an earlier connection. */
  resent = 0;

  constructor(options: OutgoingOptions) {
    this.#options = options;
    this.#flow = new Flow<Sending>({
      next: () => this.#next(),
      send: options.send,
      confirmed: (sending) => {
        for (const kept of sending.kept) {
          if (!kept.isConfirmed) this.unconfirmed--;
          kept.isConfirmed = true;
        }
      },
    });
  }

  /** The number of the last message; 0 for none. */
  get last(): number {
    return this.#first + this.size - 1;
  }

  get size(): number {
    return this.#kept.length - this.#gone;
  }

  /**
   * HOT: once per message that leaves this node. It goes out with {@link flush}, together with those of its topic right before and
   * after it. False: there is no room for it, and it is lost.
   */
  add(topic: string, body: Uint8Array): boolean {
    if (!this.#makeRoom(body.length)) {
      this.refused++;
      return false;
    }
    const number = this.last + 1;
    const previous = this.#newest.get(topic) ?? this.#unfade(topic);
    const view = Buffer.from(body.buffer, body.byteOffset, body.length);
    const frame = encodeNumbered(this.#options.origin, { number, previous, body: view });
    this.#kept.push({ topic, frame, number, previous, at: this.#options.now(), isConfirmed: false });
    this.unconfirmed++;
    this.#bytes += frame.length;
    this.#newest.set(topic, number);
    return true;
  }

  /** Hands to the transport what it can take. */
  flush(): void {
    this.#flow.pump();
  }

  /** The transport is there. What it may not have got goes out again, in order; receivers drop what they had. */
  connected(): void {
    this.#sent = this.#first - 1;
    this.#flow.open();
  }

  disconnected(): void {
    this.#flow.close();
  }

  /**
   * The newest numbers of the topics that had a message after `since`. What still waits for the transport is not among them: it goes
   * out to everybody, and nobody has missed it.
   */
  tails(since: number): Tail[] {
    const newest = new Map<string, number>();
    for (const [topic, number] of this.#faded) if (number > since) newest.set(topic, number);
    for (let number = Math.max(since + 1, this.#first); number <= this.last; number++) {
      const kept = this.#at(number);
      if (kept !== undefined && (kept.isConfirmed || number <= this.#sent)) newest.set(kept.topic, number);
    }
    return [...newest];
  }

  /** The messages of a topic after one number, up to another. */
  numbersOf(topic: string, { after, upTo }: Numbers): Remembered {
    const numbers: number[] = [];
    // Of a topic that is not remembered all may be lost that came before what is kept.
    let number = this.#newest.get(topic) ?? this.#faded.get(topic) ?? this.#first - 1;
    while (number > after) {
      const kept = this.#at(number);
      if (kept === undefined) break;
      if (number <= upTo) numbers.push(number);
      number = kept.previous;
    }
    return { lostUpTo: number, numbers };
  }

  /** `undefined`: it is not kept any more. */
  frameOf(number: number): Buffer | undefined {
    return this.#at(number)?.frame;
  }

  /** Forgets what is too old. To be called now and then. */
  expire(): void {
    const before = this.#options.now() - this.#options.bounds.maxAgeMs;
    for (;;) {
      const oldest = this.#kept[this.#gone];
      if (oldest === undefined || !oldest.isConfirmed || oldest.at > before) return;
      this.#forgetOldest(oldest);
    }
  }

  #next(): Sending | undefined {
    const first = this.#waiting();
    if (first === undefined) return undefined;
    const { topic } = first;
    const kept: Kept[] = [];
    let bytes = 0;
    for (let next: Kept | undefined = first; next?.topic === topic; next = this.#waiting()) {
      bytes += next.frame.length;
      if (kept.length > 0 && bytes > GATHERED_BYTES) break;
      kept.push(next);
      this.#handOver(next);
    }
    return { topic, kept, frame: kept.length === 1 ? first.frame : encodeGathered(kept.map(({ frame }) => frame)) };
  }

  /** The first that the transport was not handed in this connection, and has not confirmed before. */
  #waiting(): Kept | undefined {
    // What is forgotten was confirmed.
    this.#sent = Math.max(this.#sent, this.#first - 1);
    for (;;) {
      const kept = this.#at(this.#sent + 1);
      if (kept?.isConfirmed !== true) return kept;
      this.#sent++;
    }
  }

  #handOver({ number }: Kept): void {
    this.#sent = number;
    if (number <= this.#handedOver) this.resent++;
    else this.#handedOver = number;
  }

  #at(number: number): Kept | undefined {
    return number < this.#first ? undefined : this.#kept[this.#gone + number - this.#first];
  }

  /** What is confirmed goes for what is not, never the other way. */
  #makeRoom(bytes: number): boolean {
    const { maxMessages, maxBytes } = this.#options.bounds;
    while (this.size >= maxMessages || (this.size > 0 && this.#bytes + bytes > maxBytes)) {
      const oldest = this.#kept[this.#gone];
      if (oldest === undefined || !oldest.isConfirmed) return false;
      this.#forgetOldest(oldest);
    }
    return true;
  }

  /** The last message of the topic is forgotten. Numbers fade in their order, so that the map stays sorted by them. */
  #fade(topic: string): void {
    this.#newest.delete(topic);
    this.#faded.set(topic, this.#first);
    if (this.#faded.size > MAX_FADED) this.#forgetFaded();
  }

  #forgetFaded(): void {
    const bound = { max: MAX_FADED, size: () => this.#faded.size };
    forgetOldest(this.#faded.keys(), bound, (topic) => this.#faded.delete(topic));
  }

  /** The last number of a topic that has no message here; 0 where it is not remembered. */
  #unfade(topic: string): number {
    const number = this.#faded.get(topic);
    if (number === undefined) return 0;
    this.#faded.delete(topic);
    return number;
  }

  #forgetOldest(oldest: Kept): void {
    if (this.#newest.get(oldest.topic) === this.#first) this.#fade(oldest.topic);
    this.#kept[this.#gone] = undefined;
    this.#gone++;
    this.#first++;
    this.#bytes -= oldest.frame.length;
    // Half of the list is over: copied now, it costs one move for each message.
    if (this.#gone * 2 > this.#kept.length) {
      this.#kept = this.#kept.slice(this.#gone);
      this.#gone = 0;
    }
  }
}
