import { encodeRepeated, type NodeId } from './frames.ts';
import { Flow } from './flow.ts';
import type { Numbers } from './incoming.ts';
import type { Outgoing } from './outgoing.ts';

export interface RepeatsOptions {
  readonly outgoing: Outgoing;
  readonly topicOf: (node: NodeId) => string;
  readonly send: (topic: string, frame: Buffer, confirmed: () => void) => void;
  /** What came on the topic up to this number is not to be had any more. */
  readonly notToBeHad: (node: NodeId, topic: string, upTo: number) => void;
}

interface Wish extends Numbers {
  readonly node: NodeId;
  readonly topic: string;
}

/** Whoever finds no room asks again. */
const MAX_WISHES = 10_000;

/** Sends nodes what they missed, one wish after the other, no faster than the transport takes it. */
export class Repeats {
  readonly #options: RepeatsOptions;
  readonly #flow: Flow<{ readonly topic: string; readonly frame: Buffer }>;
  /** By node and topic, oldest first. */
  readonly #wishes = new Map<string, Wish>();
  /** Of the first of them, newest first; null: it is not looked up yet. */
  #numbers: number[] | null = null;
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
    this.#numbers = null;
  }

  wish(node: NodeId, topic: string, { after, upTo }: Numbers): void {
    const key = `${node} ${topic}`;
    const had = this.#wishes.get(key);
    if (had === undefined && this.#wishes.size >= MAX_WISHES) return;
    // What is under way already is not begun again.
    if (had === undefined) this.#wishes.set(key, { node, topic, after, upTo });
    else if (upTo > had.upTo) this.#wishes.set(key, { ...had, upTo });
    this.#flow.pump();
  }

  #next(): { readonly topic: string; readonly frame: Buffer } | undefined {
    for (const [key, wish] of this.#wishes) {
      this.#numbers ??= this.#lookUp(wish);
      const number = this.#numbers.pop();
      if (number === undefined) {
        this.#numbers = null;
        this.#wishes.delete(key);
        if (wish.upTo > this.#upTo) this.#wishes.set(key, { ...wish, after: this.#upTo });
        continue;
      }
      const frame = this.#options.outgoing.frameOf(number);
      if (frame === undefined) this.#options.notToBeHad(wish.node, wish.topic, number);
      else return { topic: this.#options.topicOf(wish.node), frame: encodeRepeated(wish.topic, frame) };
    }
    return undefined;
  }

  #lookUp({ node, topic, after, upTo }: Wish): number[] {
    const { lostUpTo, numbers } = this.#options.outgoing.numbersOf(topic, { after, upTo });
    this.#upTo = upTo;
    if (lostUpTo > after) this.#options.notToBeHad(node, topic, Math.min(lostUpTo, upTo));
    return numbers;
  }
}
