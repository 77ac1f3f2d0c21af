import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RateWindow } from '../src/rate-window.ts';

describe('a rate window', () => {
  it('takes as many as allowed in a second and no more', () => {
    const window = new RateWindow(1000);
    const taken = Array.from({ length: 12 }, () => window.take(1, 10, 5000));
    assert.deepEqual(taken, [...Array.from({ length: 10 }, () => true), false, false]);
  });

  it('begins with its first use and ends exactly a second later', () => {
    const window = new RateWindow(1000);
    assert.equal(window.take(1, 1, 300), true);
    assert.equal(window.take(1, 1, 1299), false);
    assert.equal(window.take(1, 1, 1300), true);
    assert.equal(window.take(1, 1, 2299), false);
  });

  it('works from a clock that starts at 0', () => {
    const window = new RateWindow(1000);
    assert.equal(window.take(1, 1, 0), true);
    assert.equal(window.take(1, 1, 0), false);
  });

  it('takes all points of a request or none', () => {
    const window = new RateWindow(1000);
    assert.equal(window.take(8, 10, 0), true);
    assert.equal(window.take(3, 10, 0), false);
    assert.equal(window.take(2, 10, 0), true);
    assert.equal(window.take(1, 10, 0), false);
  });

  it('never takes a request that is larger than a whole second allows', () => {
    const window = new RateWindow(1000);
    assert.equal(window.take(11, 10, 0), false);
    assert.equal(window.take(10, 10, 0), true);
  });

  it('is unlimited where the limit is 0', () => {
    const window = new RateWindow(1000);
    for (let i = 0; i < 1000; i++) assert.equal(window.take(1, 0, 0), true);
  });

  it('says how much is left and until when', () => {
    const window = new RateWindow(60_000);
    assert.deepEqual([window.left(5, 10), window.resetMs(10), window.isOver(10)], [5, 0, true]);
    assert.equal(window.take(2, 5, 10), true);
    assert.deepEqual([window.left(5, 20), window.resetMs(20), window.isOver(20)], [3, 59_990, false]);
    assert.equal(window.left(1, 20), 0, 'also when the limit was lowered');
    assert.deepEqual([window.left(5, 60_010), window.isOver(60_010)], [5, true]);
  });
});
