import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GROUP_SIZES, GROUP_TITLES, PENDING, ROWS } from '../src/index.ts';

const EXPECTED = Object.entries(GROUP_SIZES).flatMap(([group, size]) =>
  Array.from({ length: size }, (_, i) => `${group}-${String(i + 1).padStart(2, '0')}`),
);

test('every statement of the fifteen groups is judged by one row or listed as pending', () => {
  assert.deepEqual([...ROWS, ...PENDING].map(({ id }) => id).sort(), EXPECTED.toSorted());
  assert.equal(EXPECTED.length, 308);
});

test('every group has a title', () => {
  assert.deepEqual(Object.keys(GROUP_TITLES), Object.keys(GROUP_SIZES));
});

test('every row says what it judges, in one sentence', () => {
  for (const { id, statement } of ROWS) assert.match(statement, /^[^\s].*\.$/, id);
  assert.equal(new Set(ROWS.map(({ statement }) => statement)).size, ROWS.length);
});

test('every pending statement has a reason', () => {
  for (const { id, reason } of PENDING) assert.match(reason, /./, id);
});
