// HOT: `record` runs once per delivery; no allocation, closure or log call in it.

/** 128 buckets per power of two: the middle of a bucket is off by at most 1/256 of the value. */
const SUB_BITS = 7;
const EXACT_BELOW = 2 << SUB_BITS;
const BUCKETS = ((32 - SUB_BITS - 1) << SUB_BITS) + EXACT_BELOW;

/** What crosses a process boundary. */
export interface HistogramSnapshot {
  readonly counts: Uint32Array;
  readonly count: number;
  readonly max: number;
}

/** Counts of whole numbers from 0 to 2^32-1 in log-linear buckets (as HdrHistogram); exact below 256. */
export class Histogram {
  readonly #counts = new Uint32Array(BUCKETS);
  #count = 0;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  get max(): number {
    return this.#max;
  }

  record(value: number): void {
    const index = bucketOf(value);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#count++;
    if (value > this.#max) this.#max = value;
  }

  /** The smallest recorded value that at least the share `q` of all values does not exceed; 0 when empty. */
  quantile(q: number): number {
    const rank = Math.max(1, Math.ceil(q * this.#count));
    let seen = 0;
    for (let index = 0; index < BUCKETS; index++) {
      seen += this.#counts[index] ?? 0;
      if (seen >= rank) return Math.min(middleOf(index), this.#max);
    }
    return 0;
  }

  merge(other: HistogramSnapshot): void {
    for (let index = 0; index < BUCKETS; index++) {
      this.#counts[index] = (this.#counts[index] ?? 0) + (other.counts[index] ?? 0);
    }
    this.#count += other.count;
    if (other.max > this.#max) this.#max = other.max;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#max = 0;
  }

  snapshot(): HistogramSnapshot {
    return { counts: this.#counts.slice(), count: this.#count, max: this.#max };
  }
}

export function mergeHistograms(snapshots: Iterable<HistogramSnapshot>): Histogram {
  const merged = new Histogram();
  for (const snapshot of snapshots) merged.merge(snapshot);
  return merged;
}

function bucketOf(value: number): number {
  const v = value >>> 0;
  if (v < EXACT_BELOW) return v;
  const shift = 31 - Math.clz32(v) - SUB_BITS;
  return (shift << SUB_BITS) + (v >>> shift);
}

function middleOf(index: number): number {
  if (index < EXACT_BELOW) return index;
  const shift = (index >> SUB_BITS) - 1;
  const width = 2 ** shift;
  const lowest = (index - (shift << SUB_BITS)) * width;
  return lowest + (width - 1) / 2;
}
