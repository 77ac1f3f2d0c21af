import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editDistance, nearestName } from '../../src/config/nearest.ts';

test('edit distance', () => {
  const cases = [
    ['', '', 0],
    ['', 'abc', 3],
    ['port', 'port', 0],
    ['prot', 'port', 1],
    ['por', 'port', 1],
    ['portt', 'port', 1],
    ['pxrt', 'port', 1],
    ['kitten', 'sitting', 3],
  ] as const;
  for (const [left, right, distance] of cases) {
    assert.equal(editDistance(left, right), distance, `${left} ${right}`);
    assert.equal(editDistance(right, left), distance, `${right} ${left}`);
  }
});

test('the nearest name, or none when all are far', () => {
  const known = ['host', 'port', 'max_messages', 'max_bytes'];
  assert.equal(nearestName('prot', known), 'port');
  assert.equal(nearestName('PORT', known), 'port');
  assert.equal(nearestName('max_mesages', known), 'max_messages');
  assert.equal(nearestName('colour', known), undefined);
  assert.equal(nearestName('__proto__', known), undefined);
  assert.equal(nearestName('', known), undefined);
  assert.equal(nearestName('x'.repeat(100_000), known), undefined);
});
