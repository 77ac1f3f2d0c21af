/**
 * What one filter may be. Every subscription can bring its own, and it is kept as long as the subscription; the first
 * five are Sockudo's, so that a filter that it takes is taken here too.
 */
export const FILTER_LIMITS = {
  nodes: 128,
  depth: 16,
  /** Values of one `in` or `nin`. */
  values: 128,
  keyBytes: 256,
  valueBytes: 1024,
  /** All keys and values together; without it, 128 nodes of 128 values each would hold 16 MB. */
  totalBytes: 32_768,
} as const;

/** What the tags of one message may be: they cross to every worker and node, and stand in every frame. */
export const TAG_LIMITS = {
  count: 32,
  keyBytes: FILTER_LIMITS.keyBytes,
  valueBytes: FILTER_LIMITS.valueBytes,
} as const;

type Bounds<T> = { readonly [Name in keyof T]: number };

export type FilterLimits = Bounds<typeof FILTER_LIMITS>;
export type TagLimits = Bounds<typeof TAG_LIMITS>;
