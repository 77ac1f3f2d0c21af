import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Histogram, mergeHistograms } from '../src/histogram.ts';

const QUANTILES = [0.001, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1];

/** Values spread evenly over the powers of two, the same in every run. */
function logUniform(count: number, seed: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(2 ** ((state / 2 ** 32) * 32));
  });
}

function exactQuantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1] ?? NaN;
}

function assertClose(actual: number, exact: number): void {
  assert.ok(Math.abs(actual - exact) <= exact * 0.01, `${actual} is not within 1% of ${exact}`);
}

test('quantiles are within 1% of the exact ones from 0 to 2^32', () => {
  const values = logUniform(20_000, 7);
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  for (const q of QUANTILES) assertClose(histogram.quantile(q), exactQuantile(values, q));
  assert.equal(histogram.count, values.length);
  assert.equal(histogram.max, Math.max(...values));
});

test('values below 256 are exact', () => {
  const values = Array.from({ length: 256 }, (_, i) => i);
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  for (const q of QUANTILES) assert.equal(histogram.quantile(q), exactQuantile(values, q));
});

test('the first and the last value of every bucket lie within 1% of its middle', () => {
  for (let power = 8; power < 32; power++) {
    const width = 2 ** (power - 7);
    for (const value of [2 ** power, 2 ** power + width - 1, 2 ** (power + 1) - width, 2 ** (power + 1) - 1]) {
      const histogram = new Histogram();
      histogram.record(value);
      // The largest value bounds the answer from above only, so another one must not hide an answer that is too small.
      histogram.record(2 ** 32 - 1);
      assertClose(histogram.quantile(0.5), value);
    }
  }
});

test('merged snapshots answer like one histogram of all values', () => {
  const parts = [logUniform(3_000, 1), logUniform(500, 2), []];
  const histograms = parts.map((values) => {
    const histogram = new Histogram();
    for (const value of values) histogram.record(value);
    return histogram;
  });
  const merged = mergeHistograms(histograms.map((histogram) => histogram.snapshot()));
  for (const q of QUANTILES) assertClose(merged.quantile(q), exactQuantile(parts.flat(), q));
  assert.equal(merged.count, 3_500);
});

test('an empty histogram answers 0, and so does one that was reset', () => {
  const histogram = new Histogram();
  assert.equal(histogram.quantile(0.99), 0);
  histogram.record(1_000);
  histogram.reset();
  assert.equal(histogram.quantile(0.99), 0);
  assert.equal(histogram.count, 0);
});
