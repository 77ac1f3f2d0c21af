import type { NodeId, NumberedMessage } from './frames.ts';
import { Heard, IN_DOUBT } from './heard.ts';

export interface IncomingBounds {
  /** Of messages that wait until earlier ones have come. */
  readonly maxHeldBytes: number;
  /** How long they wait before what is missing counts as lost. */
  readonly maxHoldMs: number;
}

export interface IncomingOptions {
  readonly bounds: IncomingBounds;
  readonly beatMs: number;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  readonly deliver: (origin: NodeId, topic: string, body: Buffer) => void;
  readonly ask: (origin: NodeId, topic: string, missing: Numbers) => void;
  /** They will not come any more. */
  readonly lost: (origin: NodeId, topic: string, missing: Numbers) => void;
}

/** The messages of a topic after one number, up to another. How many that are only the origin knows. */
export interface Numbers {
  readonly after: number;
  readonly upTo: number;
}

export interface IncomingCounters {
  delivered: number;
  /** Came more than once, and were dropped. */
  duplicates: number;
  /** Holes that were noticed. */
  gaps: number;
  /** Messages that came because they were asked for. */
  repaired: number;
  /** Holes that stayed. */
  lost: number;
}

/** What came too early, until what is missing before it has come. */
interface Hole {
  /** By the number of the one before, which is what each waits for. */
  readonly held: Map<number, NumberedMessage>;
  since: number;
  askedAt: number;
  /** The newest number that is known to be missing. */
  upTo: number;
  /** The newest number that is held; 0 for none. */
  newest: number;
}

interface Stream {
  /** The number of the last message that was delivered, or that counts as seen. */
  last: number;
  hole: Hole | null;
}

interface Topic {
  /** How many doubts there had been when it was joined. */
  readonly joinedIn: number;
  readonly joinedAt: number;
  readonly streams: Map<NodeId, Stream>;
}

interface Place {
  readonly origin: NodeId;
  readonly topic: string;
}

const ASK_AGAIN_MS = 1000;

/**
 * The numbered messages of other nodes, put in order: each is delivered once, after all before it on its topic. Whoever
 * notices a hole asks for what is missing; what cannot be had is reported, and the stream goes on.
 *
 * What is known of an origin that has not been heard on a topic: while there was no doubt since the topic was joined, nothing was
 * missed, since the transport owes everything from `joined` on; the first message is the first. After a doubt, whatever
 * the origin numbered later than what had been heard of it when the topic was joined may have been missed, and is asked for. That
 * may bring what was published in the second before the topic was joined: it comes once, and in its place.
 */
export class Incoming {
  readonly heard: Heard;
  readonly #options: IncomingOptions;
  readonly #topics = new Map<string, Topic>();
  /** Holes, oldest first, so that those that take too long are found. */
  readonly #holes = new Map<Stream, Place>();
  #heldBytes = 0;
  readonly counters: IncomingCounters = { delivered: 0, duplicates: 0, gaps: 0, repaired: 0, lost: 0 };

  constructor(options: IncomingOptions) {
    this.#options = options;
    this.heard = new Heard(options.beatMs, options.now);
  }

  /** The transport has confirmed that everything on the topic will come. */
  joined(topic: string): void {
    this.#join(topic, this.heard.doubts);
  }

  /** Somebody wants the topic while there is no connection: what comes meanwhile has to be asked for. */
  joinedUnheard(topic: string): void {
    this.#join(topic, IN_DOUBT);
  }

  #join(topic: string, joinedIn: number): void {
    if (this.#topics.has(topic)) return;
    this.#topics.set(topic, { joinedIn, joinedAt: this.#options.now(), streams: new Map() });
  }

  left(topic: string): void {
    const streams = this.#topics.get(topic)?.streams ?? [];
    for (const [, stream] of streams) this.#closeHole(stream);
    this.#topics.delete(topic);
  }

  /** HOT: once per message that comes from another node. `message` may be a view that is only lent. */
  receive(origin: NodeId, topicName: string, message: NumberedMessage): void {
    const topic = this.#topics.get(topicName);
    if (topic === undefined) return;
    const stream = topic.streams.get(origin) ?? this.#open(topic, origin, message.previous);
    if (message.number <= stream.last) {
      this.counters.duplicates++;
    } else if (message.previous <= stream.last) {
      // Newer than all that is waited for, and yet with nothing before it: the origin does not remember the topic.
      if (stream.hole !== null && message.number > newestOf(stream.hole)) {
        this.#skip({ origin, topic: topicName }, stream, stream.hole.upTo);
      }
      stream.last = message.number;
      this.counters.delivered++;
      this.#options.deliver(origin, topicName, message.body);
      if (stream.hole === null) return;
      // What is missing is coming.
      stream.hole.since = stream.hole.askedAt = this.#options.now();
      this.#release({ origin, topic: topicName }, stream);
    } else {
      this.#hold({ origin, topic: topicName }, stream, message);
    }
  }

  /** A message that was asked for, unless that was before the topic was left and joined again. */
  repeated(origin: NodeId, topic: string, message: NumberedMessage): void {
    if (this.#topics.get(topic)?.streams.has(origin) !== true) return;
    const delivered = this.counters.delivered;
    this.receive(origin, topic, message);
    if (this.counters.delivered > delivered) this.counters.repaired++;
  }

  /** The origin's newest number on a topic: if it was missed, it is asked for. */
  newest(origin: NodeId, topicName: string, number: number): void {
    const topic = this.#topics.get(topicName);
    if (topic === undefined) return;
    const stream = topic.streams.get(origin) ?? this.#open(topic, origin, number);
    if (number > stream.last) this.#expect({ origin, topic: topicName }, stream, number);
  }

  /** What the origin numbered up to here on a topic is not to be had any more. */
  notToBeHad(origin: NodeId, topic: string, upTo: number): void {
    const stream = this.#topics.get(topic)?.streams.get(origin);
    if (stream === undefined || upTo <= stream.last) return;
    this.#skip({ origin, topic }, stream, upTo);
  }

  /** The connection is there again: those who were asked may answer only now. */
  connected(): void {
    for (const [{ hole }] of this.#holes) if (hole !== null) hole.since = this.#options.now();
  }

  /** Asks again for what is missing, and gives up what has been missing too long. To be called now and then, while connected. */
  expire(): void {
    const now = this.#options.now();
    for (const [stream, place] of this.#holes) {
      const { hole } = stream;
      if (hole === null) continue;
      if (now - hole.since >= this.#options.bounds.maxHoldMs) {
        this.#skip(place, stream, hole.upTo);
      } else if (now - hole.askedAt >= ASK_AGAIN_MS) {
        hole.askedAt = now;
        this.#ask(place, hole, stream.last);
      }
    }
  }

  /** The origin is gone, and long enough that nothing of it can be on its way. */
  forget(origin: NodeId): void {
    this.heard.forget(origin);
    for (const { streams } of this.#topics.values()) {
      const stream = streams.get(origin);
      if (stream !== undefined) this.#closeHole(stream);
      streams.delete(origin);
    }
  }

  /** `previous`: of the first message that is known of the origin on this topic. */
  #open(topic: Topic, origin: NodeId, previous: number): Stream {
    const isWhole = this.heard.isWhole(origin, topic.joinedIn);
    const last = isWhole ? previous : Math.min(previous, this.heard.numberAt(origin, topic.joinedAt));
    const stream: Stream = { last, hole: null };
    topic.streams.set(origin, stream);
    return stream;
  }

  #hold(place: Place, stream: Stream, message: NumberedMessage): void {
    const hole = this.#expect(place, stream, message.previous);
    if (hole.held.has(message.previous)) {
      this.counters.duplicates++;
      return;
    }
    hole.held.set(message.previous, { ...message, body: Buffer.from(message.body) });
    hole.newest = Math.max(hole.newest, message.number);
    this.#heldBytes += message.body.length;
    if (this.#heldBytes > this.#options.bounds.maxHeldBytes) this.#makeRoom();
  }

  /** Notes that everything up to a number should be here, and asks for what nobody was asked for yet. */
  #expect(place: Place, stream: Stream, upTo: number): Hole {
    const now = this.#options.now();
    if (stream.hole === null) {
      this.counters.gaps++;
      stream.hole = { held: new Map(), since: now, askedAt: now, upTo, newest: 0 };
      this.#holes.set(stream, place);
      this.#ask(place, stream.hole, stream.last);
      return stream.hole;
    }
    const { hole } = stream;
    const known = newestOf(hole);
    if (upTo > known) {
      hole.upTo = upTo;
      this.#ask(place, hole, known);
    }
    return hole;
  }

  #ask({ origin, topic }: Place, { upTo }: Hole, after: number): void {
    this.#options.ask(origin, topic, { after, upTo });
  }

  /** Delivers what was held and has nothing missing before it any more. */
  #release(place: Place, stream: Stream): void {
    const { hole } = stream;
    if (hole === null) return;
    for (;;) {
      const next = hole.held.get(stream.last);
      if (next === undefined) break;
      this.#deliverHeld(place, stream, next);
    }
    if (hole.held.size === 0 && stream.last >= hole.upTo) this.#closeHole(stream);
  }

  /** Goes on without what is missing up to a number; what is here of it is delivered. */
  #skip(place: Place, stream: Stream, upTo: number): void {
    const held = [...(stream.hole?.held.values() ?? [])].sort((a, b) => a.number - b.number);
    for (const message of held) {
      if (message.previous > Math.max(stream.last, upTo)) break;
      this.#lose(place, stream, message.previous);
      this.#deliverHeld(place, stream, message);
    }
    this.#lose(place, stream, upTo);
    this.#release(place, stream);
  }

  #lose({ origin, topic }: Place, stream: Stream, upTo: number): void {
    if (upTo <= stream.last) return;
    this.counters.lost++;
    this.#options.lost(origin, topic, { after: stream.last, upTo });
    stream.last = upTo;
  }

  /** Those that have waited longest go on without what is missing. */
  #makeRoom(): void {
    for (const [stream, place] of this.#holes) {
      if (this.#heldBytes <= this.#options.bounds.maxHeldBytes) return;
      if (stream.hole !== null && stream.hole.held.size > 0) this.#skip(place, stream, stream.hole.upTo);
    }
  }

  #deliverHeld({ origin, topic }: Place, stream: Stream, message: NumberedMessage): void {
    stream.hole?.held.delete(message.previous);
    this.#heldBytes -= message.body.length;
    if (message.number <= stream.last) return;
    stream.last = message.number;
    this.counters.delivered++;
    this.#options.deliver(origin, topic, message.body);
  }

  #closeHole(stream: Stream): void {
    for (const { body } of stream.hole?.held.values() ?? []) this.#heldBytes -= body.length;
    stream.hole = null;
    this.#holes.delete(stream);
  }
}

/** The newest number that is held or known to be missing. */
function newestOf({ upTo, newest }: Hole): number {
  return Math.max(upTo, newest);
}
