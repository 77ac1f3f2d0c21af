import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FILTER_LIMITS, subscriptionFilter } from '../src/index.ts';

function problem(filter: unknown): string {
  const result = subscriptionFilter({ filter });
  assert.ok(!result.ok, `accepted: ${JSON.stringify(filter)}`);
  return result.problem;
}

function node(filter: unknown): unknown {
  const result = subscriptionFilter({ filter });
  assert.ok(result.ok, result.ok ? '' : result.problem);
  return result.node;
}

describe('a filter of a subscription', () => {
  it('is read under both names, and not under both at once', () => {
    const leaf = { key: 'league', cmp: 'eq', val: 'nba' };
    const parsed = { ok: true, node: { kind: 'text', key: 'league', cmp: 'eq', value: 'nba' } };
    assert.deepEqual(subscriptionFilter({ filter: leaf }), parsed);
    assert.deepEqual(subscriptionFilter({ tags_filter: leaf }), parsed);
    assert.deepEqual(subscriptionFilter({ filter: null, tags_filter: leaf }), parsed);
    assert.equal(subscriptionFilter({ filter: leaf, tags_filter: leaf }).ok, false);
    const misnamed = subscriptionFilter({ tags_filter: 'x' });
    assert.deepEqual(misnamed, { ok: false, problem: "tags_filter: expected an object, got 'x'" });
  });

  it('may be left out', () => {
    assert.deepEqual(subscriptionFilter({}), { ok: true, node: undefined });
    assert.deepEqual(subscriptionFilter({ filter: null }), { ok: true, node: undefined });
  });

  it('takes every operator', () => {
    for (const cmp of ['eq', 'neq', 'sw', 'ew', 'ct']) {
      assert.deepEqual(node({ key: 'k', cmp, val: true }), { kind: 'text', key: 'k', cmp, value: 'true' });
    }
    for (const cmp of ['gt', 'gte', 'lt', 'lte']) {
      assert.deepEqual(node({ key: 'k', cmp, val: '-1.5e2' }), { kind: 'numeric', key: 'k', cmp, value: -150 });
    }
    for (const cmp of ['in', 'nin']) {
      assert.deepEqual(node({ key: 'k', cmp, vals: ['a', 1] }), { kind: 'member', key: 'k', cmp, values: ['a', '1'] });
    }
    for (const cmp of ['ex', 'nex']) assert.deepEqual(node({ key: 'k', cmp }), { kind: 'exists', key: 'k', cmp });
  });

  it('may carry the empty members that some serialisers write', () => {
    const full = { op: null, nodes: [], key: 'k', cmp: 'eq', val: 'v', vals: [] };
    assert.deepEqual(node(full), { kind: 'text', key: 'k', cmp: 'eq', value: 'v' });
    assert.deepEqual(node({ op: 'not', nodes: [{ key: 'k', cmp: 'ex', val: '' }], key: '', cmp: null }), {
      kind: 'not',
      node: { kind: 'exists', key: 'k', cmp: 'ex' },
    });
  });

  it('says which node is wrong and why', () => {
    const leaf = { key: 'k', cmp: 'eq', val: 'v' };
    const cases: readonly (readonly [unknown, string])[] = [
      [[leaf], 'filter: expected an object, got an array'],
      [{}, 'filter: neither a branch with op and nodes nor a comparison with key and cmp'],
      [{ op: 'xor', nodes: [leaf] }, "filter.op: expected and, or, not; got 'xor'"],
      [{ op: 'and', nodes: [] }, 'filter.nodes: and needs an array of nodes'],
      [{ op: 'not', nodes: [leaf, leaf] }, 'filter.nodes: not takes exactly 1 node, got 2'],
      [{ op: 'and', nodes: [leaf], cmp: 'eq' }, "filter: unexpected member 'cmp'; a node here has op, nodes"],
      [{ ...leaf, ignoreCase: true }, "filter: unexpected member 'ignoreCase'; a node here has key, cmp, val, vals"],
      [
        { op: 'or', nodes: [leaf, { op: 'and', nodes: [{ key: 'k', cmp: 'like', val: 'v' }] }] },
        "filter.nodes[1].nodes[0].cmp: unknown operator 'like'; there are eq, neq, sw, ew, ct, gt, gte, lt, lte, in, nin, ex, nex",
      ],
      [{ cmp: 'eq', val: 'v' }, 'filter.key: expected the name of a tag, got nothing'],
      [{ key: 7, cmp: 'eq', val: 'v' }, 'filter.key: expected the name of a tag, got 7'],
      [{ key: 'k', cmp: 'eq' }, 'filter.val: missing; it cannot be empty'],
      [{ key: 'k', cmp: 'eq', val: {} }, 'filter.val: expected a string, a number or a boolean, got an object'],
      [{ key: 'k', cmp: 'gt', val: 'ten' }, "filter.val: expected a number, got 'ten'"],
      [{ key: 'k', cmp: 'gt', val: '1e999' }, "filter.val: expected a number, got '1e999'"],
      [{ key: 'k', cmp: 'in', vals: [] }, 'filter.vals: expected an array with at least one value'],
      [{ key: 'k', cmp: 'in', val: 'v' }, 'filter.val: in takes no val; give it vals'],
      [{ key: 'k', cmp: 'in', vals: ['a', ''] }, 'filter.vals[1]: missing; it cannot be empty'],
      [{ key: 'k', cmp: 'ex', val: 'v' }, 'filter.val: ex takes no val'],
      [{ key: 'k', cmp: 'eq', val: 'v', vals: ['v'] }, 'filter.vals: eq takes no vals'],
    ];
    for (const [filter, expected] of cases) assert.equal(problem(filter), expected);
  });

  it('repeats no more than 40 characters of what it was given', () => {
    assert.ok(problem({ key: 'k', cmp: 'x'.repeat(100_000), val: 'v' }).length < 200);
  });

  it('is bounded in depth, nodes, values and bytes', () => {
    const leaf = { key: 'k', cmp: 'ex' };
    const nested = (depth: number): object => (depth === 1 ? leaf : { op: 'not', nodes: [nested(depth - 1)] });
    const wide = (nodes: number): object => ({ op: 'or', nodes: Array.from({ length: nodes - 1 }, () => leaf) });
    const text = (count: number): string[] => Array.from({ length: count }, (_, i) => `v${i}`);
    node(nested(FILTER_LIMITS.depth));
    assert.match(problem(nested(FILTER_LIMITS.depth + 1)), /^filter(\.nodes\[0\]){16}: nested deeper than 16 levels$/u);
    node(wide(FILTER_LIMITS.nodes));
    assert.equal(problem(wide(FILTER_LIMITS.nodes + 1)), 'filter.nodes[127]: the filter has more than 128 nodes');
    assert.equal(problem({ op: 'or', nodes: Array.from({ length: 1e6 }) }), 'filter.nodes: more than 128 nodes');
    node({ key: 'k', cmp: 'in', vals: text(FILTER_LIMITS.values) });
    assert.equal(problem({ key: 'k', cmp: 'in', vals: text(129) }), 'filter.vals: more than 128 values');
    node({ key: 'ü'.repeat(128), cmp: 'eq', val: '€'.repeat(341) });
    assert.equal(problem({ key: 'ü'.repeat(129), cmp: 'ex' }), 'filter.key: 258 bytes, more than the 256 allowed');
    assert.equal(
      problem({ key: 'k', cmp: 'eq', val: '😀'.repeat(257) }),
      'filter.val: 1028 bytes, more than the 1024 allowed',
    );
    const long = Array.from({ length: 40 }, () => 'v'.repeat(1000));
    assert.equal(
      problem({ key: 'k', cmp: 'in', vals: long }),
      'filter.vals[32]: keys and values of the filter are more than 32768 bytes together',
    );
  });
});
