import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isJsonObject, parseJson } from '../src/json.ts';
import { MAX_JSON_DEPTH } from '../src/limits.ts';

/** What the guard counts, the naive way: brackets around the deepest value. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Object.values(value).reduce((deepest: number, member: unknown) => Math.max(deepest, depthOf(member)), 0);
}

/** Strings full of what a scanner could take for structure. */
const trap = fc.string({
  unit: fc.constantFrom('[', ']', '{', '}', '"', '\\', '/', 'u', 'é', '😀', '\u2028'),
  maxLength: 12,
});

const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    trap,
    fc.constantFrom(null, true, 1.5),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(trap, tie('tree'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

const shell = fc.oneof(
  fc.constant((inner: unknown): unknown => [inner]),
  trap.map((s) => (inner: unknown): unknown => [s, inner, s]),
  trap.map((s) => (inner: unknown): unknown => ({ [`k${s}`]: inner, s })),
);

describe('JSON from outside', () => {
  it('is refused exactly when it is nested deeper than the limit', () => {
    fc.assert(
      fc.property(tree, fc.array(shell, { minLength: 50, maxLength: 75 }), fc.boolean(), (core, shells, spaced) => {
        const value = shells.reduce<unknown>((inner, wrap) => wrap(inner), core);
        const result = parseJson(JSON.stringify(value, null, spaced ? 1 : undefined));
        assert.equal(result.ok, depthOf(value) <= MAX_JSON_DEPTH);
        if (result.ok) assert.deepEqual(result.value, value);
        else assert.equal(result.problem, 'nested deeper than 64 levels');
      }),
    );
  });

  it('passes at 64 levels and fails at 65, in arrays and in objects', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const nest = (levels: number): string => `${open.repeat(levels)}1${close.repeat(levels)}`;
      assert.equal(parseJson(nest(64)).ok, true);
      assert.deepEqual(parseJson(nest(65)), { ok: false, problem: 'nested deeper than 64 levels' });
    }
    // The shortest text of its depth is just where the scan begins.
    assert.equal(parseJson('['.repeat(64) + ']'.repeat(64)).ok, true);
    assert.equal(parseJson('['.repeat(65) + ']'.repeat(65)).ok, false);
  });

  it('does not overflow the stack with a million brackets', () => {
    assert.equal(parseJson('['.repeat(1_000_000)).ok, false);
    assert.equal(parseJson('[{"a":'.repeat(500_000)).ok, false);
    assert.equal(parseJson(`${']'.repeat(1000)}${'['.repeat(1_000_000)}`).ok, false);
  });

  it('may have any number of brackets side by side or inside strings', () => {
    assert.equal(parseJson(`[${'[],'.repeat(1000)}[]]`).ok, true);
    assert.equal(parseJson(JSON.stringify('['.repeat(1000))).ok, true);
    assert.equal(parseJson(JSON.stringify(`\\"${'{['.repeat(1000)}\\`)).ok, true);
    assert.equal(parseJson(JSON.stringify({ ['"['.repeat(200)]: 1 })).ok, true);
  });

  for (const text of [
    '',
    ' ',
    'not json',
    '{',
    '{"a":1,}',
    "{'a':1}",
    '[1',
    '"',
    '"\\',
    '"\\u12',
    '\u0000',
    'undefined',
    'NaN',
    '1 2',
    '"\n"',
    '\ufeff{}',
  ]) {
    it(`is refused without an exception where it is none: ${JSON.stringify(text)}`, () => {
      assert.deepEqual(parseJson(text), { ok: false, problem: 'not valid JSON' });
    });
  }

  it('agrees with JSON.parse on any shallow text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json({ maxDepth: 5 }), fc.string({ unit: 'binary' }), trap), (text) => {
        let expected: unknown;
        let valid = true;
        try {
          expected = JSON.parse(text);
        } catch {
          valid = false;
        }
        const result = parseJson(text);
        assert.equal(result.ok, valid);
        if (result.ok) assert.deepEqual(result.value, expected);
      }),
    );
  });

  it('keeps __proto__ as an ordinary member that changes nobody', () => {
    const result = parseJson('{"__proto__":{"polluted":true},"constructor":1}');
    assert.ok(result.ok && isJsonObject(result.value));
    assert.equal(Object.getPrototypeOf(result.value), Object.prototype);
    assert.deepEqual(Object.keys(result.value), ['__proto__', 'constructor']);
    assert.equal(result.value['polluted'], undefined);
    assert.equal(JSON.stringify(result.value), '{"__proto__":{"polluted":true},"constructor":1}');
  });

  it('counts as an object only if it is neither an array nor null', () => {
    assert.equal(isJsonObject({}), true);
    for (const value of [null, [], 'x', 1, true, undefined]) assert.equal(isJsonObject(value), false);
  });
});
