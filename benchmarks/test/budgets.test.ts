import assert from 'node:assert/strict';
import { test } from 'node:test';

import { judgeBudgets, readBudgets, type Budget } from '../src/budgets.ts';
import type { Sample } from '../src/runner.ts';
import { summarise } from '../src/summary.ts';

function sample(target: Sample['target'], scenario: Sample['scenario'], values: Sample['values']): Sample {
  return { target, scenario, run: 1, values, notes: [] };
}

function judged(budget: Omit<Budget, 'says'>, samples: readonly Sample[]): unknown {
  return judgeBudgets([{ says: '', ...budget }], summarise(samples)).map(({ value, isMet }) => [value, isMet]);
}

test('every budget of the file names something that is measured', () => {
  assert.ok(readBudgets().length >= 15);
});

test('a budget is a bound for the medians of two targets, one over the other', () => {
  const samples = [1, 2, 9].flatMap((value) => [
    sample('sluice', 'fanout', { deliveries: 10 * value }),
    sample('soketi', 'fanout', { deliveries: value }),
  ]);
  const ratio = { of: 'sluice fanout deliveries', over: 'soketi fanout deliveries' };
  assert.deepEqual(judged({ ...ratio, atLeast: 10 }, samples), [[10, true]]);
  assert.deepEqual(judged({ ...ratio, atLeast: 10.1 }, samples), [[10, false]]);
  assert.deepEqual(judged({ ...ratio, atMost: 10 }, samples), [[10, true]]);
  assert.deepEqual(judged({ ...ratio, atMost: 9.9 }, samples), [[10, false]]);
  assert.deepEqual(judged({ of: ratio.of, atMost: 20 }, samples), [[20, true]]);
});

test('a place in a name is the lowest of what one target has reached', () => {
  const samples = [
    sample('soketi', 'channels', { sustained: 100, '100.p99': 40 }),
    sample('soketi', 'channels', { sustained: 200, '100.p99': 60, '200.p99': 90 }),
    sample('sluice', 'channels', { sustained: 200, '100.p99': 5, '200.p99': 90 }),
  ];
  const budget = { of: 'sluice channels {at}.p99', over: 'soketi channels {at}.p99', at: 'soketi channels sustained' };
  assert.deepEqual(judged({ ...budget, atMost: 0.5 }, samples), [[0.1, true]]);
});

test('what was not measured is not met, and a scenario that was not run has no verdict', () => {
  const samples = [sample('sluice', 'fanout', { deliveries: 10 })];
  const ratio = { of: 'sluice fanout deliveries', over: 'soketi fanout deliveries' };
  assert.deepEqual(judged({ ...ratio, atLeast: 0 }, samples), [[null, false]]);
  assert.deepEqual(judged({ of: 'sluice idle rss', atMost: 1 }, samples), []);
});
