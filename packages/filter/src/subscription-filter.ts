import type { FilterLimits } from './limits.ts';
import type { FilterNode } from './node.ts';
import { parseFilter } from './parse-filter.ts';

export type SubscriptionFilter =
  /** Without a node, the subscriber wants everything. */
  { readonly ok: true; readonly node: FilterNode | undefined } | { readonly ok: false; readonly problem: string };

const ABSENT: SubscriptionFilter = { ok: true, node: undefined };
const BOTH: SubscriptionFilter = { ok: false, problem: 'filter and tags_filter are two names for one thing; give one' };

/** The filter in the data of a `pusher:subscribe`, under either of its names. */
export function subscriptionFilter(
  data: { readonly filter?: unknown; readonly tags_filter?: unknown },
  limits?: FilterLimits,
): SubscriptionFilter {
  const { filter = null, tags_filter: tagsFilter = null } = data;
  if (filter === null && tagsFilter === null) return ABSENT;
  if (filter !== null && tagsFilter !== null) return BOTH;
  const name = filter === null ? 'tags_filter' : 'filter';
  return parseFilter(filter ?? tagsFilter, limits === undefined ? { name } : { name, limits });
}
