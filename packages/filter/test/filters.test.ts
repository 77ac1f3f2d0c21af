import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type FilterExpression, Filters, NO_TAGS } from '../src/index.ts';
import { expressions, holds, parsed, tagObjects, tagsOf } from './expressions.ts';

const eq = (key: string, val: string): FilterExpression => ({ key, cmp: 'eq', val });
const or = (...nodes: FilterExpression[]): FilterExpression => ({ op: 'or', nodes });
const and = (...nodes: FilterExpression[]): FilterExpression => ({ op: 'and', nodes });
const not = (node: FilterExpression): FilterExpression => ({ op: 'not', nodes: [node] });

describe('interned filters', () => {
  it('hold for the tags that the table of operators says', () => {
    const filters = new Filters();
    fc.assert(
      fc.property(expressions, tagObjects, (expression, tags) => {
        const filter = filters.intern(parsed(expression));
        assert.equal(filter.matches(tagsOf(tags)), holds(expression, tags));
        filters.release(filter);
      }),
      { numRuns: 20_000 },
    );
    assert.equal(filters.size, 0);
  });

  it('are one object however they are worded', () => {
    const same: readonly (readonly FilterExpression[])[] = [
      [eq('a', '1'), { key: 'a', cmp: 'in', vals: [1, '1'] }, not({ key: 'a', cmp: 'neq', val: 1 }), and(eq('a', '1'))],
      [
        or(eq('a', '1'), eq('a', '2')),
        { key: 'a', cmp: 'in', vals: ['2', '1', '2'] },
        or(or(eq('a', '2')), eq('a', '1')),
      ],
      [
        and(eq('a', '1'), eq('b', '2')),
        and(eq('b', '2'), and(eq('a', '1'), eq('b', '2'))),
        not(not(and(eq('b', '2'), eq('a', '1')))),
      ],
      [
        { key: 'a', cmp: 'gt', val: '1.0' },
        { key: 'a', cmp: 'gt', val: 1 },
      ],
    ];
    for (const wordings of same) {
      const filters = new Filters();
      const interned = new Set(wordings.map((wording) => filters.intern(parsed(wording))));
      assert.equal(interned.size, 1, JSON.stringify(wordings));
    }
  });

  it('of different meaning are different, also where names and values look like syntax', () => {
    const different: readonly FilterExpression[] = [
      eq('a', '1'),
      eq('a', '1,"2"'),
      { key: 'a', cmp: 'in', vals: ['1', '2'] },
      { key: 'a', cmp: 'in', vals: ['1","2'] },
      { key: 'a', cmp: 'in', vals: ['1,2', '3'] },
      { key: 'a', cmp: 'in', vals: ['1', '2,3'] },
      eq('a,1', '2'),
      eq('a', '1,2'),
      { key: 'a', cmp: 'sw', val: '1' },
      not({ key: 'a', cmp: 'gt', val: 1 }),
      { key: 'a', cmp: 'lte', val: 1 },
      and(eq('a', '1'), eq('b', '1')),
      or(eq('a', '1'), eq('b', '1')),
      eq('__proto__', '1'),
    ];
    const filters = new Filters();
    assert.equal(new Set(different.map((filter) => filters.intern(parsed(filter)))).size, different.length);
  });

  it('are kept until their last holder gives them back', () => {
    const filters = new Filters();
    const first = filters.intern(parsed(eq('a', '1')));
    assert.equal(filters.intern(parsed(eq('a', '1'))), first);
    filters.release(first);
    assert.equal(filters.size, 1);
    filters.release(first);
    assert.equal(filters.size, 0);
    assert.throws(() => filters.release(first), /released more often than interned/u);
    assert.notEqual(filters.intern(parsed(eq('a', '1'))), first);
  });

  it('take an untagged message for one whose tags are all missing', () => {
    const filters = new Filters();
    const matches = (filter: FilterExpression): boolean => filters.intern(parsed(filter)).matches(NO_TAGS);
    assert.equal(matches(eq('a', '1')), false);
    assert.equal(matches({ key: 'a', cmp: 'neq', val: '1' }), true);
    assert.equal(matches({ key: 'a', cmp: 'nin', vals: ['1'] }), true);
    assert.equal(matches({ key: 'a', cmp: 'nex' }), true);
    assert.equal(matches(not({ key: 'a', cmp: 'lt', val: 1 })), true);
  });
});
