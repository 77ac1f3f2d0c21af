import type { NodeId } from './frames.ts';
import type { Incoming } from './incoming.ts';
import type { Notice } from './notices.ts';
import type { Tail } from './outgoing.ts';

export interface DoubtsOptions {
  readonly incoming: Incoming;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  readonly tell: (node: NodeId, notice: Notice) => void;
  /** Whether the node lives, as far as is known. */
  readonly isThere: (node: NodeId) => boolean;
}

/** A node that is asked what it published after a number. */
interface Asked {
  /** The first question whose answer counts: an older one may be older than what was lost. */
  readonly from: number;
  readonly since: number;
  /** Parts that have come, by question. */
  readonly parts: Map<number, Set<number>>;
  /** When it was asked last, or said something. */
  movedAt: number;
}

/** How far before a loss is noticed messages may have been lost already, with several connections that end one by one. */
const MARGIN_MS = 5000;

/** Nothing comes of an answer for so long: it is asked for again, for it waits behind those to others, or is lost. */
const PATIENCE_MS = 2000;

/** Keeps a part below 300 kB, with topics of 512 bytes, the longest that a backplane has to carry; NATS carries 1 MB. */
const TOPICS_IN_ONE_PART = 500;

/**
 * Nodes that may have published what did not come here: this node could not hear, or they were not heard. Each is asked for the
 * newest numbers of its topics until it has answered, so that the end of a burst is not missed though nothing follows it.
 */
export class Doubts {
  readonly #options: DoubtsOptions;
  readonly #asked = new Map<NodeId, Asked>();
  readonly #beats = new Map<NodeId, { readonly turn: number; readonly at: number }>();
  #questions = 0;
  #wasDeaf = false;
  #deafSince: number | null = null;

  constructor(options: DoubtsOptions) {
    this.#options = options;
  }

  /** This node has lost its connection, and hears nobody. */
  deaf(): void {
    this.#wasDeaf = true;
    this.#deafSince ??= this.#options.now();
    this.#options.incoming.heard.doubtAll();
  }

  /** It hears them again. Returns how long it did not, in milliseconds. */
  hearing(nodes: readonly NodeId[]): number {
    const since = this.#deafSince;
    if (since === null) return 0;
    this.#deafSince = null;
    for (const node of nodes) this.#ask(node, since);
    return this.#options.now() - since;
  }

  /** A beat of the node has come, perhaps long after the last. If one between them has not, others may have been lost with it. */
  beat(node: NodeId, turn: number): void {
    const { incoming, now } = this.#options;
    const before = this.#beats.get(node);
    if (before !== undefined && turn <= before.turn) return;
    this.#beats.set(node, { turn, at: now() });
    if (before === undefined) {
      if (this.#wasDeaf) this.#ask(node, now());
    } else if (turn > before.turn + 1) {
      incoming.heard.doubt(node);
      this.#ask(node, before.at);
    }
  }

  /** To be called now and then, while connected: questions and answers may be lost. */
  askAgain(): void {
    const before = this.#options.now() - PATIENCE_MS;
    for (const [node, asked] of this.#asked) {
      if (asked.movedAt <= before && this.#options.isThere(node)) this.#tell(node, asked);
    }
  }

  /** Part of an answer. */
  answered(node: NodeId, { question, turn, part, parts, topics }: Extract<Notice, { type: 'newest' }>): void {
    for (const [topic, number] of topics) this.#options.incoming.newest(node, topic, number);
    const asked = this.#asked.get(node);
    if (asked === undefined) return;
    asked.movedAt = this.#options.now();
    if (question < asked.from) return;
    const had = asked.parts.get(question) ?? new Set();
    asked.parts.set(question, had.add(part));
    if (had.size < parts) return;
    this.#asked.delete(node);
    // Beats up to this one may be missing without any harm.
    if (turn > (this.#beats.get(node)?.turn ?? 0)) this.#beats.set(node, { turn, at: this.#options.now() });
  }

  forget(node: NodeId): void {
    this.#asked.delete(node);
    this.#beats.delete(node);
  }

  /** What the node published since a time may not have come. Where it is asked already, the older answer does not count. */
  #ask(node: NodeId, sinceMs: number): void {
    const number = this.#options.incoming.heard.numberAt(node, sinceMs - MARGIN_MS);
    const since = Math.min(number, this.#asked.get(node)?.since ?? number);
    const asked = { from: this.#questions + 1, since, parts: new Map(), movedAt: 0 };
    this.#asked.set(node, asked);
    this.#tell(node, asked);
  }

  #tell(node: NodeId, asked: Asked): void {
    asked.movedAt = this.#options.now();
    this.#options.tell(node, { type: 'tails', question: ++this.#questions, since: asked.since });
  }
}

/** The answer to a question for tails, in parts; one at least, so that whoever asked knows. */
export function* answerParts(question: number, turn: number, tails: readonly Tail[]): Iterable<Notice> {
  const parts = Math.max(1, Math.ceil(tails.length / TOPICS_IN_ONE_PART));
  for (let part = 0; part < parts; part++) {
    const topics = tails.slice(part * TOPICS_IN_ONE_PART, (part + 1) * TOPICS_IN_ONE_PART);
    yield { type: 'newest', question, turn, part, parts, topics };
  }
}
