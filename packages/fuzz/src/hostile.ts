import fc from 'fast-check';

/** What programs stumble over as a name or a text. */
const TEXTS = [
  '',
  ' ',
  '0',
  '-1',
  'null',
  'undefined',
  'NaN',
  'true',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'length',
  'then',
  '%s',
  '%s%s%s',
  '%00',
  '%zz',
  '$&',
  '$1',
  '../..',
  '..%2f..',
  '*',
  '?',
  '#',
  '\0',
  '\r\n',
  '"',
  "'",
  '\\',
  '\\u0000',
  '\u2028',
  '\ufeff',
  '\ud800',
  '\udc00\ud800',
  'e\u0301',
  '😀',
  '</script>',
  '{"a":1}',
];

/** Around the limits of names, ids, members and events. */
const LENGTHS = [50, 128, 129, 164, 165, 200, 201, 1023, 1025, 10_240, 10_241];

const LONE_SURROGATE = fc.integer({ min: 0xd800, max: 0xdfff }).map((code) => String.fromCharCode(code));

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  { weight: 1, arbitrary: fc.string({ unit: LONE_SURROGATE, maxLength: 4 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('a', 'é', '😀', '"', '\0'), fc.constantFrom(...LENGTHS))
      .map(([piece, times]) => piece.repeat(times)),
  },
);

/** Texts that stand where a value of JSON should; some are none. */
const VALUES = [
  'null',
  'true',
  'false',
  '0',
  '-0',
  '7',
  '1e400',
  '-1e400',
  '1E-999',
  '9007199254740993',
  '9'.repeat(400),
  '[]',
  '{}',
  '[[]]',
  '[null]',
  '""',
  '{"a":1,"a":2}',
  '{"__proto__":{"toJSON":1}}',
  '{"toJSON":"x","length":-1}',
  '"\\ud800"',
  '"\\u0000"',
  'NaN',
  '01',
  'undefined',
  "'x'",
  '',
];

/** Below, at and above the deepest nesting that is taken, and where a recursive parser would run out of stack. */
const DEPTHS = [3, 63, 64, 65, 200, 10_000];

const nested = fc
  .tuple(fc.constantFrom(['[', ']'], ['{"a":', '}']), fc.constantFrom(...DEPTHS))
  .map(([[open = '', close = ''], depth]) => `${open.repeat(depth)}1${close.repeat(depth)}`);

/** A value as JSON text. */
export const hostileJson: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: hostileText.map((text) => JSON.stringify(text)) },
  { weight: 6, arbitrary: fc.constantFrom(...VALUES) },
  { weight: 1, arbitrary: nested },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)) },
);

/** A field of a message as JSON text: mostly as it should be, at times anything, at times left out. */
export function field(right: fc.Arbitrary<string>): fc.Arbitrary<string | undefined> {
  return fc.oneof(
    { weight: 30, arbitrary: right },
    { weight: 2, arbitrary: hostileJson },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
}

/** True one time in so many. */
export function flag(outOf: number): fc.Arbitrary<boolean> {
  return fc.nat({ max: outOf - 1 }).map((n) => n === 0);
}

/** One time in twelve. */
export function rarely<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 11, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
}

/** Members of an object as JSON text; names may be doubled. */
export type Members = readonly (readonly [name: string, value: string])[];

/** Members that no message has. */
export const strangeMembers: fc.Arbitrary<Members> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Members>([]) },
  { weight: 1, arbitrary: fc.array(fc.tuple(hostileText, hostileJson), { minLength: 1, maxLength: 3 }) },
);

/** Those of the fields that are there. */
export function membersOf(fields: Readonly<Record<string, string | undefined>>): Members {
  return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}

export function objectText(members: Members): string {
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join()}}`;
}

/** A change to a text: at a place, counted around its end, some characters give way to others. */
export interface Cut {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
}

const cut: fc.Arbitrary<Cut> = fc.record({
  at: fc.nat({ max: 400 }),
  remove: fc.nat({ max: 4 }),
  insert: fc.oneof(
    fc.constantFrom('', '"', '{', '}', '[', ']', ',', ':', '\\', '\0', '1e400', '\r\n', ' '),
    hostileText,
  ),
});

export const cuts: fc.Arbitrary<readonly Cut[]> = fc.oneof(
  { weight: 14, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.array(cut, { minLength: 1, maxLength: 3 }) },
);

export function applyCuts(text: string, some: readonly Cut[]): string {
  return some.reduce((before, { at, remove, insert }) => {
    const start = at % (before.length + 1);
    return before.slice(0, start) + insert + before.slice(start + remove);
  }, text);
}
