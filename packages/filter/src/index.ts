export { FilterIndex } from './filter-index.ts';
export { type Filter, Filters } from './filters.ts';
export { FILTER_LIMITS, type FilterLimits, TAG_LIMITS, type TagLimits } from './limits.ts';
export type { FilterNode, Tags } from './node.ts';
export { type SubscriptionFilter, subscriptionFilter } from './subscription-filter.ts';
export { NO_TAGS, parseTags, tagsText, type TagsResult } from './tags.ts';
export type * from './wire.ts';
export { utf8Bytes } from './utf8.ts';
