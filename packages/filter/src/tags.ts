import { TAG_LIMITS, type TagLimits } from './limits.ts';
import type { Tags } from './node.ts';
import { utf8Bytes } from './utf8.ts';

export type TagsResult = { readonly ok: true; readonly tags: Tags } | { readonly ok: false; readonly problem: string };

/** What a message without tags is matched as: `neq`, `nin`, `nex` and `not` can hold for it. */
export const NO_TAGS: Tags = new Map();

const NONE: TagsResult = { ok: true, tags: NO_TAGS };

/** Longest piece of a publisher's own text that a problem repeats. */
const MAX_ECHO = 40;

/** Reads the member `tags` of a published event: an object of texts, sorted by name, so that frames differ little. */
export function parseTags(value: unknown, limits: TagLimits = TAG_LIMITS): TagsResult {
  if (value === undefined || value === null) return NONE;
  if (typeof value !== 'object' || Array.isArray(value)) return refused('tags: expected an object');
  const entries = Object.entries(value as Readonly<Record<string, unknown>>);
  if (entries.length > limits.count)
    return refused(`tags: ${entries.length} tags, more than the ${limits.count} allowed`);
  const tags = new Map<string, string>();
  for (const [name, tag] of entries.sort(byName)) {
    const shown = name.slice(0, MAX_ECHO);
    if (name === '') return refused('tags: a tag has an empty name');
    if (typeof tag !== 'string' && typeof tag !== 'number' && typeof tag !== 'boolean') {
      return refused(`tags.${shown}: expected a string, a number or a boolean`);
    }
    const text = String(tag);
    if (utf8Bytes(name) > limits.keyBytes) return refused(`tags.${shown}…: name longer than ${limits.keyBytes} bytes`);
    if (utf8Bytes(text) > limits.valueBytes) return refused(`tags.${shown}: longer than ${limits.valueBytes} bytes`);
    tags.set(name, text);
  }
  return { ok: true, tags };
}

/** Tags as JSON, for a frame. Not by way of an object: it would order numeric names first, and lose `__proto__`. */
export function tagsText(tags: Tags): string {
  const members = Array.from(tags, ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return `{${members.join(',')}}`;
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function refused(problem: string): TagsResult {
  return { ok: false, problem };
}
