import { Flow, type FlowOptions, type Parcel } from './flow.ts';
import { encodeNotice, type NodeId } from './frames.ts';

export interface AnswersOptions extends Pick<FlowOptions<Parcel>, 'send'> {
  readonly self: NodeId;
  readonly topicOf: (node: NodeId) => string;
}

/** What a node is told in several notices. */
interface Answer {
  readonly node: NodeId;
  readonly parts: Iterator<object>;
}

/** Tells nodes what takes many notices: one node after the other, each notice made when the transport can take it. */
export class Answers {
  readonly #options: AnswersOptions;
  readonly #flow: Flow<Parcel>;
  /** The oldest first; at most one for each node. */
  readonly #waiting = new Map<NodeId, Answer>();
  #current: Answer | null = null;

  constructor(options: AnswersOptions) {
    this.#options = options;
    this.#flow = new Flow({ next: () => this.#next(), send: options.send, confirmed: () => {} });
  }

  connected(): void {
    this.#flow.open();
  }

  /** Whoever still lacks something asks again. */
  disconnected(): void {
    this.#flow.close();
    this.#waiting.clear();
    this.#current = null;
  }

  /** `parts` are taken one by one, none before the turn of the node has come. What is under way to it is not begun again. */
  tell(node: NodeId, parts: Iterable<object>): void {
    if (this.#current?.node === node) return;
    this.#waiting.set(node, { node, parts: parts[Symbol.iterator]() });
    this.#flow.pump();
  }

  /** The node is gone. */
  forget(node: NodeId): void {
    this.#waiting.delete(node);
    if (this.#current?.node === node) this.#current = null;
    this.#flow.pump();
  }

  #next(): Parcel | undefined {
    for (;;) {
      this.#current ??= this.#takeFirst();
      if (this.#current === null) return undefined;
      const { node, parts } = this.#current;
      const part = parts.next();
      if (part.done !== true) {
        return { topic: this.#options.topicOf(node), frame: encodeNotice(this.#options.self, part.value) };
      }
      this.#current = null;
    }
  }

  #takeFirst(): Answer | null {
    const [first] = this.#waiting.values();
    if (first === undefined) return null;
    this.#waiting.delete(first.node);
    return first;
  }
}
