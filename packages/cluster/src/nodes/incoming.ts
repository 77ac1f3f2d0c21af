import type { NodeId, NumberedMessage } from './frames.ts';

export interface IncomingBounds {
  /** Of messages that wait until earlier ones have come. */
  readonly maxHeldBytes: number;
  /** How long they wait before what is missing counts as lost. */
  readonly maxHoldMs: number;
}

export interface IncomingOptions {
  readonly bounds: IncomingBounds;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  readonly deliver: (origin: NodeId, topic: string, body: Buffer) => void;
  /** Asks for the messages of a topic after one number, up to another. */
  readonly ask: (origin: NodeId, missing: Missing) => void;
  /** Messages that will not come any more. How many is not known. */
  readonly lost: (origin: NodeId, topic: string) => void;
}

export interface Missing {
  readonly topic: string;
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
  /** Connections of this node to the transport that had ended when the topic was joined. */
  readonly joinedIn: number;
  readonly joinedAt: number;
  readonly streams: Map<NodeId, Stream>;
}

/** The numbers of a node as they were heard, now and lately. */
interface Heard {
  /** Newest last. */
  readonly marks: { readonly at: number; readonly number: number }[];
  last: number;
}

const ASK_AGAIN_MS = 1000;

const NO_CONNECTION = -1;

/** Marks of one node: one a second for two minutes. */
const MAX_MARKS = 120;
const MARK_EVERY_MS = 1000;

/**
 * The numbered messages of other nodes, put in order: each is delivered once, after all before it on its topic. Whoever
 * notices a hole asks for what is missing; what cannot be had is reported, and the stream goes on.
 *
 * What is known of an origin that has not been heard on a topic: while the connection in which the topic was joined
 * lasts, nothing was missed, since the transport owes everything from `joined` on. After it broke, whatever the origin numbered
 * later than what had been heard of it when the topic was joined may have been missed, and is asked for. That may bring what was
 * published in the second before the topic was joined: nobody here has had it.
 */
export class Incoming {
  readonly #options: IncomingOptions;
  readonly #topics = new Map<string, Topic>();
  readonly #heard = new Map<NodeId, Heard>();
  /** Holes, so that those that take too long are found. */
  readonly #holes = new Map<Stream, { readonly origin: NodeId; readonly topic: string }>();
  #heldBytes = 0;
  #connection = 0;
  readonly counters: IncomingCounters = { delivered: 0, duplicates: 0, gaps: 0, repaired: 0, lost: 0 };

  constructor(options: IncomingOptions) {
    this.#options = options;
  }

  /** The transport has confirmed that everything on the topic will come. */
  joined(topic: string): void {
    this.#join(topic, this.#connection);
  }

  /** Somebody wants the topic while there is no connection: what comes meanwhile has to be asked for. */
  joinedUnheard(topic: string): void {
    this.#join(topic, NO_CONNECTION);
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

  /** The connection to the transport has ended; what came while it was away has to be asked for. */
  disconnected(): void {
    this.#connection++;
  }

  /** The origin says that it has numbered so many. */
  heard(origin: NodeId, number: number): void {
    const heard = this.#heard.get(origin) ?? { marks: [], last: 0 };
    this.#heard.set(origin, heard);
    if (number > heard.last) heard.last = number;
    const at = this.#options.now();
    const newest = heard.marks.at(-1);
    if (newest !== undefined && at - newest.at < MARK_EVERY_MS) return;
    heard.marks.push({ at, number: heard.last });
    if (heard.marks.length > MAX_MARKS) heard.marks.shift();
  }

  /** What had been heard of the origin at that time; of a time that is too long ago, the oldest that is known. */
  heardAt(origin: NodeId, at: number): number {
    const marks = this.#heard.get(origin)?.marks ?? [];
    const oldest = marks.length === MAX_MARKS ? marks[0] : undefined;
    return (marks.findLast((each) => each.at <= at) ?? oldest)?.number ?? 0;
  }

  /** HOT: once per message that comes from another node. `message` may be a view that is only lent. */
  receive(origin: NodeId, topicName: string, message: NumberedMessage): void {
    const topic = this.#topics.get(topicName);
    if (topic === undefined) return;
    const stream = topic.streams.get(origin) ?? this.#open(topic, origin, message.previous);
    if (message.number <= stream.last) {
      this.counters.duplicates++;
    } else if (message.previous <= stream.last) {
      stream.last = message.number;
      this.counters.delivered++;
      this.#options.deliver(origin, topicName, message.body);
      if (stream.hole !== null) this.#release({ origin, topic: topicName }, stream);
    } else {
      this.#hold({ origin, topic: topicName }, stream, message);
    }
  }

  /** A message that was asked for. */
  repeated(origin: NodeId, topic: string, message: NumberedMessage): void {
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
    this.#lose({ origin, topic }, stream, upTo);
  }

  /** The connection is there again: those who were asked may answer only now. */
  connected(): void {
    for (const [{ hole }] of this.#holes) if (hole !== null) hole.since = this.#options.now();
  }

  /** Asks again for what is missing, and gives up what has been missing too long. To be called now and then, while connected. */
  expire(): void {
    const now = this.#options.now();
    for (const [stream, place] of this.#holes) {
      const { hole, last: after } = stream;
      if (hole === null) continue;
      if (now - hole.since >= this.#options.bounds.maxHoldMs) {
        this.#lose(place, stream, Math.max(hole.upTo, hole.newest));
      } else if (now - hole.askedAt >= ASK_AGAIN_MS) {
        hole.askedAt = now;
        this.#options.ask(place.origin, { topic: place.topic, after, upTo: hole.upTo });
      }
    }
  }

  /** The origin is dead, and long enough that nothing of it can be on its way. */
  forget(origin: NodeId): void {
    this.#heard.delete(origin);
    for (const { streams } of this.#topics.values()) {
      const stream = streams.get(origin);
      if (stream !== undefined) this.#closeHole(stream);
      streams.delete(origin);
    }
  }

  /** `previous`: of the first message that is known of the origin on this topic. */
  #open(topic: Topic, origin: NodeId, previous: number): Stream {
    const isUnbroken = topic.joinedIn === this.#connection;
    const last = isUnbroken ? previous : Math.min(previous, this.heardAt(origin, topic.joinedAt));
    const stream: Stream = { last, hole: null };
    topic.streams.set(origin, stream);
    return stream;
  }

  #hold(place: Place, stream: Stream, message: NumberedMessage): void {
    this.#expect(place, stream, message.previous);
    const { hole } = stream;
    if (hole === null) return;
    if (hole.held.has(message.previous)) {
      this.counters.duplicates++;
      return;
    }
    hole.held.set(message.previous, { ...message, body: Buffer.from(message.body) });
    hole.newest = Math.max(hole.newest, message.number);
    this.#heldBytes += message.body.length;
    if (this.#heldBytes > this.#options.bounds.maxHeldBytes) this.#lose(place, stream, hole.upTo);
  }

  /** Notes that everything up to a number should be here, and asks for what is not. */
  #expect(place: Place, stream: Stream, upTo: number): void {
    const now = this.#options.now();
    if (stream.hole === null) {
      this.counters.gaps++;
      stream.hole = { held: new Map(), since: now, askedAt: now, upTo, newest: 0 };
      this.#holes.set(stream, place);
    } else if (upTo <= Math.max(stream.hole.upTo, stream.hole.newest)) {
      return;
    } else {
      stream.hole.upTo = upTo;
    }
    this.#options.ask(place.origin, { topic: place.topic, after: stream.last, upTo });
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

  /** Goes on without what came up to a number. */
  #lose(place: Place, stream: Stream, upTo: number): void {
    if (upTo > stream.last) {
      stream.last = upTo;
      this.counters.lost++;
      this.#options.lost(place.origin, place.topic);
    }
    const held = [...(stream.hole?.held.values() ?? [])].sort((a, b) => a.number - b.number);
    for (const message of held) {
      if (message.previous > stream.last) break;
      this.#deliverHeld(place, stream, message);
    }
    this.#release(place, stream);
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

interface Place {
  readonly origin: NodeId;
  readonly topic: string;
}
