import { canonical } from './canonical.ts';
import { type Predicate, compile } from './compile.ts';
import type { FilterNode } from './node.ts';

/** One filter, however many subscribers have it, in whatever words: two of the same meaning are the same object. */
export interface Filter {
  /** The canonical form as text; equal for equal filters in every process. */
  readonly text: string;
  readonly node: FilterNode;
  readonly matches: Predicate;
}

/** All filters in use in a process, each once. Bounded by the subscriptions, which each hold at most one. */
export class Filters {
  readonly #entries = new Map<string, { readonly filter: Filter; holders: number }>();

  get size(): number {
    return this.#entries.size;
  }

  /** The one filter for this node. Whoever takes it gives it back with {@link release}, once. */
  intern(node: FilterNode): Filter {
    const simplest = canonical(node);
    const entry = this.#entries.get(simplest.text);
    if (entry !== undefined) {
      entry.holders++;
      return entry.filter;
    }
    const filter = { text: simplest.text, node: simplest.node, matches: compile(simplest.node) };
    this.#entries.set(simplest.text, { filter, holders: 1 });
    return filter;
  }

  release(filter: Filter): void {
    const entry = this.#entries.get(filter.text);
    if (entry?.filter !== filter) throw new Error(`filter released more often than interned: ${filter.text}`);
    if (--entry.holders === 0) this.#entries.delete(filter.text);
  }
}
