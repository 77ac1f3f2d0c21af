// HOT: `match` runs on every publish to a channel with filters. No closures, and nothing allocated but the answer.
import { type Anchor, type Pin, anchors } from './anchor.ts';
import type { Filter } from './filters.ts';
import type { Tags } from './node.ts';

/**
 * The filters of one channel, each with its cohort: whatever the caller keeps of the subscribers that have it. A
 * publish looks at the filters that its tags point to, not at all there are; what no tag can point to (`neq`, `nin`,
 * `nex`, most `not`) is asked once a publish, however many have it.
 */
export class FilterIndex<Cohort> {
  readonly #entries = new Map<Filter, Entry<Cohort>>();
  readonly #keys = new Map<string, KeyBuckets<Cohort>>();
  readonly #unanchored = new Set<Entry<Cohort>>();
  /** Number of the match that runs: an entry with several pins is met once for each that the tags have. */
  #match = 0;

  get size(): number {
    return this.#entries.size;
  }

  /** All cohorts, whatever their filter. */
  all(): Cohort[] {
    return Array.from(this.#entries.values(), ({ cohort }) => cohort);
  }

  get(filter: Filter): Cohort | undefined {
    return this.#entries.get(filter)?.cohort;
  }

  /** Takes in a filter that is not there yet. */
  add(filter: Filter, cohort: Cohort): void {
    if (this.#entries.has(filter)) throw new Error(`filter added twice to an index: ${filter.text}`);
    const anchor = this.#bestAnchor(filter);
    const entry = { filter, cohort, anchor, lastMatch: 0 };
    this.#entries.set(filter, entry);
    if (anchor === undefined) this.#unanchored.add(entry);
    else for (const pin of anchor.pins) this.#bucket(pin).add(entry);
  }

  remove(filter: Filter): void {
    const entry = this.#entries.get(filter);
    if (entry === undefined) return;
    this.#entries.delete(filter);
    if (entry.anchor === undefined) this.#unanchored.delete(entry);
    else for (const pin of entry.anchor.pins) this.#forget(pin, entry);
  }

  /** The cohorts whose filter holds for these tags, each once. */
  match(tags: Tags): Cohort[] {
    const matched: Cohort[] = [];
    this.#match++;
    for (const entry of this.#unanchored) if (entry.filter.matches(tags)) matched.push(entry.cohort);
    if (this.#keys.size === 0) return matched;
    for (const [key, value] of tags) {
      const buckets = this.#keys.get(key);
      if (buckets === undefined) continue;
      this.#take(buckets.any, tags, matched);
      const exact = buckets.byValue.get(value);
      if (exact !== undefined) this.#take(exact, tags, matched);
    }
    return matched;
  }

  #take(bucket: ReadonlySet<Entry<Cohort>>, tags: Tags, matched: Cohort[]): void {
    for (const entry of bucket) {
      if (entry.lastMatch === this.#match) continue;
      entry.lastMatch = this.#match;
      if (entry.anchor?.isExact === true || entry.filter.matches(tags)) matched.push(entry.cohort);
    }
  }

  /** The anchor with the fewest filters in its buckets: of two equalities the second, where many have the first. */
  #bestAnchor(filter: Filter): Anchor | undefined {
    let best: Anchor | undefined;
    let fewest = Number.POSITIVE_INFINITY;
    for (const anchor of anchors(filter.node)) {
      const crowd = anchor.pins.reduce((sum, pin) => sum + this.#crowd(pin), 0);
      if (crowd >= fewest) continue;
      fewest = crowd;
      best = anchor;
    }
    return best;
  }

  /** How many filters are asked at a pin, and a price for pins that every message with the tag has. */
  #crowd({ key, value }: Pin): number {
    const buckets = this.#keys.get(key);
    if (value === undefined) return (buckets?.any.size ?? 0) + ANY_VALUE;
    return (buckets?.byValue.get(value)?.size ?? 0) + 1;
  }

  #bucket({ key, value }: Pin): Set<Entry<Cohort>> {
    let buckets = this.#keys.get(key);
    if (buckets === undefined) this.#keys.set(key, (buckets = { any: new Set(), byValue: new Map() }));
    if (value === undefined) return buckets.any;
    let bucket = buckets.byValue.get(value);
    if (bucket === undefined) buckets.byValue.set(value, (bucket = new Set()));
    return bucket;
  }

  #forget(pin: Pin, entry: Entry<Cohort>): void {
    const buckets = this.#keys.get(pin.key);
    if (buckets === undefined) return;
    if (pin.value === undefined) buckets.any.delete(entry);
    else {
      const bucket = buckets.byValue.get(pin.value);
      bucket?.delete(entry);
      if (bucket?.size === 0) buckets.byValue.delete(pin.value);
    }
    if (buckets.any.size === 0 && buckets.byValue.size === 0) this.#keys.delete(pin.key);
  }
}

/** As bad as a value that this many other filters are found by already. */
const ANY_VALUE = 100;

interface Entry<Cohort> {
  readonly filter: Filter;
  readonly cohort: Cohort;
  readonly anchor: Anchor | undefined;
  lastMatch: number;
}

interface KeyBuckets<Cohort> {
  readonly any: Set<Entry<Cohort>>;
  readonly byValue: Map<string, Set<Entry<Cohort>>>;
}
