import { encodeRepeated, type NodeId } from './frames.ts';
import { Flow, type Parcel } from './flow.ts';
import type { Numbers } from './incoming.ts';
import type { Outgoing } from './outgoing.ts';

export interface RepeatsOptions {
  readonly outgoing: Outgoing;
  readonly topicOf: (node: NodeId) => string;
  readonly send: (topic: string, frame: Buffer, confirmed: () => void) => void;
  /** What came on the topic up to this number is not to be had any more. */
  readonly notToBeHad: (node: NodeId, topic: string, upTo: number) => void;
}

interface Wish {
  readonly node: NodeId;
  readonly topic: string;
  readonly after: number;
  upTo: number;
}

/** Whoever finds no room asks again. */
const MAX_WISHES = 10_000;

/** Sends nodes what they missed, one wish after the other, no faster than the transport takes it. */
export class Repeats {
  readonly #options: RepeatsOptions;
  readonly #flow: Flow<Parcel>;
  /** By node and topic, oldest first. */
  readonly #wishes = new Map<string, Wish>();
  /** Goes through them. Begun anew for each, it would look past all that were deleted at the front (V8 keeps the places). */
  #order = this.#wishes.values();
  #current: Wish | null = null;
  /** What is to be sent of it, newest first. */
  #numbers: number[] = [];
  /** As far as these go. */
  #upTo = 0;

  constructor(options: RepeatsOptions) {
    this.#options = options;
    this.#flow = new Flow({ next: () => this.#next(), send: options.send, confirmed: () => {} });
  }

  connected(): void {
    this.#flow.open();
  }

  /** Whoever still misses something asks again. */
  disconnected(): void {
    this.#flow.close();
    this.#wishes.clear();
    this.#current = null;
  }

  wish(node: NodeId, topic: string, { after, upTo }: Numbers): void {
    const key = keyOf(node, topic);
    const had = this.#wishes.get(key);
    if (had === undefined && this.#wishes.size >= MAX_WISHES) return;
    // What is under way already is not begun again.
    if (had === undefined) this.#wishes.set(key, { node, topic, after, upTo });
    else if (upTo > had.upTo) had.upTo = upTo;
    this.#flow.pump();
  }

  #next(): Parcel | undefined {
    for (;;) {
      this.#current ??= this.#begin();
      if (this.#current === null) return undefined;
      const { node, topic } = this.#current;
      const number = this.#numbers.pop();
      if (number === undefined) {
        this.#end(this.#current);
        continue;
      }
      const numbered = this.#options.outgoing.frameOf(number);
      const frame = numbered === undefined ? undefined : encodeRepeated(topic, numbered);
      if (frame !== undefined) return { topic: this.#options.topicOf(node), frame };
      // Whoever wished for it reports it as lost.
      this.#options.notToBeHad(node, topic, number);
    }
  }

  #begin(): Wish | null {
    let next = this.#order.next();
    if (next.done === true) {
      // One that has come to an end stays there, whatever is added.
      this.#order = this.#wishes.values();
      next = this.#order.next();
    }
    if (next.done === true) return null;
    this.#numbers = this.#lookUp(next.value);
    return next.value;
  }

  #end(wish: Wish): void {
    const key = keyOf(wish.node, wish.topic);
    this.#current = null;
    this.#wishes.delete(key);
    if (wish.upTo > this.#upTo) this.#wishes.set(key, { ...wish, after: this.#upTo });
  }

  #lookUp({ node, topic, after, upTo }: Wish): number[] {
    const { lostUpTo, numbers } = this.#options.outgoing.numbersOf(topic, { after, upTo });
    this.#upTo = upTo;
    if (lostUpTo > after) this.#options.notToBeHad(node, topic, Math.min(lostUpTo, upTo));
    return numbers;
  }
}

function keyOf(node: NodeId, topic: string): string {
  return `${node} ${topic}`;
}
