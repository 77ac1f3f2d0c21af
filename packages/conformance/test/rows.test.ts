import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GROUP_SIZES, GROUP_TITLES, PENDING, ROWS } from '../src/index.ts';

/** How many statements each group of the matrix has, counted by hand. */
const SIZES = {
  HS: 40,
  PG: 12,
  SB: 21,
  AU: 27,
  PR: 30,
  SC: 8,
  CE: 21,
  SI: 18,
  WL: 11,
  CA: 17,
  HA: 28,
  EV: 33,
  BA: 10,
  CH: 23,
  TE: 9,
};

const EXPECTED = Object.entries(SIZES).flatMap(([group, size]) =>
  Array.from({ length: size }, (_, i) => `${group}-${String(i + 1).padStart(2, '0')}`),
);

test('every statement of the fifteen groups is judged by one row or listed as pending', () => {
  assert.deepEqual([...ROWS, ...PENDING].map(({ id }) => id).sort(), EXPECTED.toSorted());
  assert.equal(EXPECTED.length, 308);
});

test('the groups are told with their titles and sizes, in this order', () => {
  assert.deepEqual(Object.entries(GROUP_SIZES), Object.entries(SIZES));
  assert.deepEqual(Object.keys(GROUP_TITLES), Object.keys(SIZES));
});

test('every row says what it judges, in one sentence', () => {
  for (const { id, statement } of ROWS) assert.match(statement, /^[^\s].*\.$/, id);
  assert.equal(new Set(ROWS.map(({ statement }) => statement)).size, ROWS.length);
});

test('every pending statement has a reason', () => {
  for (const { id, reason } of PENDING) assert.match(reason, /./, id);
});
