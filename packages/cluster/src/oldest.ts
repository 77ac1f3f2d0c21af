/** The part that goes at a bound, in one go: a look at the front of a Map passes all that was deleted there (V8 keeps the places). */
const PART_TO_GO = 0.01;

export interface Bound {
  readonly max: number;
  /** How much there is now. */
  readonly size: () => number;
}

/** Forgets keys from the first on while there is more than a bound allows, less the part that goes at it. */
export function forgetOldest<Key>(keys: Iterable<Key>, { max, size }: Bound, forget: (key: Key) => void): void {
  const enough = max - Math.floor(max * PART_TO_GO);
  for (const key of keys) {
    if (size() <= enough) return;
    forget(key);
  }
}
