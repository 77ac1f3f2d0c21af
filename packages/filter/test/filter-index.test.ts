import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Filter, type FilterExpression, FilterIndex, Filters, NO_TAGS, type Tags } from '../src/index.ts';
import { expressions, holds, parsed, tagObjects, tagsOf } from './expressions.ts';

/** A filter that counts how often it is asked. */
function counted(filter: Filter, asked: { times: number }): Filter {
  const matches = (tags: Tags): boolean => {
    asked.times++;
    return filter.matches(tags);
  };
  return { ...filter, matches };
}

describe('an index of filters', () => {
  it('finds what asking every filter finds, while filters come and go', () => {
    fc.assert(
      fc.property(
        fc.array(expressions, { maxLength: 12 }),
        fc.array(fc.tuple(fc.nat(), tagObjects), { maxLength: 12 }),
        (wanted, steps) => {
          const filters = new Filters();
          const index = new FilterIndex<Filter>();
          const present = new Map<Filter, FilterExpression>();
          for (const expression of wanted) {
            const filter = filters.intern(parsed(expression));
            if (!present.has(filter)) index.add(filter, filter);
            present.set(filter, expression);
          }
          for (const [victim, tags] of steps) {
            const expected = [...present].filter(([, expression]) => holds(expression, tags)).map(([filter]) => filter);
            const found = index.match(tagsOf(tags));
            assert.equal(found.length, expected.length);
            assert.deepEqual(new Set(found), new Set(expected));
            const gone = [...present.keys()][victim % Math.max(1, present.size)];
            if (gone === undefined) continue;
            index.remove(gone);
            present.delete(gone);
          }
          assert.equal(index.size, present.size);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('does not ask filters that the tags do not point to', () => {
    const filters = new Filters();
    const asked = { times: 0 };
    const index = new FilterIndex<number>();
    for (let i = 0; i < 1000; i++) {
      const expression: FilterExpression = {
        op: 'and',
        nodes: [
          { key: 'league', cmp: 'eq', val: 'nba' },
          { key: 'player', cmp: 'in', vals: [`${i}`, `${i + 1000}`] },
          { key: 'score', cmp: 'gte', val: 10 },
        ],
      };
      index.add(counted(filters.intern(parsed(expression)), asked), i);
    }
    assert.deepEqual(index.match(tagsOf({ league: 'nba', player: '7', score: '12' })), [7]);
    // The one with player 7, and the first two, put under the league while that was no more crowded than a player.
    assert.ok(asked.times <= 3, `asked ${asked.times} filters`);
  });

  it('does not ask equality filters at all', () => {
    const filters = new Filters();
    const asked = { times: 0 };
    const index = new FilterIndex<number>();
    for (let i = 0; i < 1000; i++) {
      index.add(counted(filters.intern(parsed({ key: 'room', cmp: 'eq', val: i })), asked), i);
    }
    assert.deepEqual(index.match(tagsOf({ room: '500', other: '1' })), [500]);
    assert.deepEqual(index.match(NO_TAGS), []);
    assert.equal(asked.times, 0);
  });

  it('keeps nothing of a filter that was removed', () => {
    const filters = new Filters();
    const index = new FilterIndex<string>();
    const filter = filters.intern(parsed({ key: 'a', cmp: 'in', vals: ['1', '2'] }));
    index.add(filter, 'cohort');
    assert.equal(index.get(filter), 'cohort');
    assert.throws(() => index.add(filter, 'again'), /added twice/u);
    index.remove(filter);
    index.remove(filter);
    assert.equal(index.get(filter), undefined);
    assert.deepEqual(index.match(tagsOf({ a: '1' })), []);
    index.add(filter, 'new');
    assert.deepEqual(index.match(tagsOf({ a: '2' })), ['new']);
  });
});
