import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type FilterExpression, type FilterNode, parseTags, subscriptionFilter, type Tags } from '../src/index.ts';

// Few names and values, so that random filters and random tags meet; hostile ones among them.
const KEYS = ['league', 'player', '__proto__', 'constructor'] as const;
const VALUES = ['nba', 'nb', '10', '9', '-1.5', '1e1', 'ten', '__proto__', 'é', '0x10', ' 10'] as const;

const key = fc.constantFrom(...KEYS);
const value = fc.oneof(fc.constantFrom(...VALUES), fc.constantFrom(10, -1.5, true));
const numeric = fc.constantFrom('10', '9', '-1.5', 10, 0);

export const expressions: fc.Arbitrary<FilterExpression> = fc.letrec<{ node: FilterExpression }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 5, depthSize: 'small', withCrossShrink: true },
    fc.record({ key, cmp: fc.constantFrom('eq', 'neq', 'sw', 'ew', 'ct'), val: value }),
    fc.record({ key, cmp: fc.constantFrom('gt', 'gte', 'lt', 'lte'), val: numeric }),
    fc.record({ key, cmp: fc.constantFrom('in', 'nin'), vals: fc.array(value, { minLength: 1, maxLength: 4 }) }),
    fc.record({ key, cmp: fc.constantFrom('ex', 'nex') }),
    fc.record({ op: fc.constantFrom('and', 'or'), nodes: fc.array(tie('node'), { minLength: 1, maxLength: 4 }) }),
    fc.record({ op: fc.constant('not'), nodes: fc.tuple(tie('node')) }),
  ),
})).node;

export const tagObjects: fc.Arbitrary<Readonly<Record<string, string>>> = fc
  .array(fc.tuple(key, fc.constantFrom(...VALUES)), { maxLength: KEYS.length })
  .map((entries) => Object.fromEntries(entries));

export function parsed(filter: FilterExpression): FilterNode {
  const result = subscriptionFilter({ filter });
  assert.ok(result.ok && result.node !== undefined, result.ok ? 'no filter' : result.problem);
  return result.node;
}

export function tagsOf(object: Readonly<Record<string, string>>): Tags {
  const result = parseTags(object);
  assert.ok(result.ok);
  return result.tags;
}

/** What the table of operators says, word for word, over plain objects: slow, and right at a glance. */
export function holds(filter: FilterExpression, tags: Readonly<Record<string, string>>): boolean {
  if ('op' in filter) {
    const results = filter.nodes.map((node) => holds(node, tags));
    if (filter.op === 'not') return results[0] === false;
    return filter.op === 'and' ? !results.includes(false) : results.includes(true);
  }
  const tag = Object.hasOwn(tags, filter.key) ? tags[filter.key] : undefined;
  if ('vals' in filter) {
    const isMember = tag !== undefined && filter.vals.map(String).includes(tag);
    return filter.cmp === 'in' ? isMember : !isMember;
  }
  if (filter.cmp === 'ex') return tag !== undefined;
  if (filter.cmp === 'nex') return tag === undefined;
  const wanted = String((filter as { readonly val: string | number | boolean }).val);
  if (tag === undefined) return filter.cmp === 'neq';
  switch (filter.cmp) {
    case 'eq':
      return tag === wanted;
    case 'neq':
      return tag !== wanted;
    case 'sw':
      return tag.slice(0, wanted.length) === wanted;
    case 'ew':
      return tag.slice(Math.max(0, tag.length - wanted.length)) === wanted;
    case 'ct':
      return tag.indexOf(wanted) !== -1;
    case 'gt':
      return isNumber(tag) && Number(tag) > Number(wanted);
    case 'gte':
      return isNumber(tag) && Number(tag) >= Number(wanted);
    case 'lt':
      return isNumber(tag) && Number(tag) < Number(wanted);
    case 'lte':
      return isNumber(tag) && Number(tag) <= Number(wanted);
  }
}

/** Of {@link VALUES}, those that are decimal numbers. */
function isNumber(text: string): boolean {
  return ['10', '9', '-1.5', '1e1'].includes(text);
}
