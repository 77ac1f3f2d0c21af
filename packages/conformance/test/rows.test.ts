import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { GROUP_SIZES, GROUP_TITLES, ROWS } from '../src/index.ts';

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
  WH: 25,
  XC: 12,
};

const EXPECTED = Object.entries(SIZES).flatMap(([group, size]) =>
  Array.from({ length: size }, (_, i) => `${group}-${String(i + 1).padStart(2, '0')}`),
);

test('every statement of the seventeen groups is judged by one row', () => {
  assert.deepEqual(ROWS.map(({ id }) => id).toSorted(), EXPECTED.toSorted());
  assert.equal(EXPECTED.length, 345);
});

test('the groups are told with their titles and sizes, in this order', () => {
  assert.deepEqual(Object.entries(GROUP_SIZES), Object.entries(SIZES));
  assert.deepEqual(Object.keys(GROUP_TITLES), Object.keys(SIZES));
});

test('the README tells how many of how many statements are judged with and without webhooks', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const judged = (...given: readonly string[]): number =>
    ROWS.filter(({ needs = [] }) => needs.every((need) => given.includes(need))).length;
  const told = `${judged()} of the ${EXPECTED.length} statements are judged, and ${judged('webhooks')} with webhooks`;
  assert.ok(readme.replaceAll(/\s+/g, ' ').includes(told), told);
  for (const [group, size] of Object.entries(SIZES)) {
    assert.match(readme, new RegExp(`\\| ${group} +\\| ${size} +\\| ${GROUP_TITLES[group]} +\\|`));
  }
});

test('every row says what it judges, in one sentence', () => {
  for (const { id, statement } of ROWS) assert.match(statement, /^[^\s].*\.$/, id);
  assert.equal(new Set(ROWS.map(({ statement }) => statement)).size, ROWS.length);
});
