import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Demand } from '../src/demand.ts';

describe('the count of who holds what', () => {
  it('is by base and algorithm, without those who hold nothing', () => {
    const demand = new Demand(7);
    for (const held of [7, 7, 5, 7, 0, 5]) demand.add('fossil', held);
    for (const held of [7, 0]) demand.add('xdelta3', held);
    assert.deepEqual(demand.cohorts, [
      { algorithm: 'fossil', base: 7, sockets: 3 },
      { algorithm: 'fossil', base: 5, sockets: 2 },
      { algorithm: 'xdelta3', base: 7, sockets: 1 },
    ]);
  });

  it('goes on for the newest base when there are too many others', () => {
    const demand = new Demand(1000);
    for (let held = 1; held <= 100; held++) demand.add('fossil', held);
    for (const algorithm of ['fossil', 'xdelta3'] as const) demand.add(algorithm, 1000);
    assert.equal(demand.cohorts.length, 34);
    assert.deepEqual(
      demand.cohorts.slice(-2).map(({ base }) => base),
      [1000, 1000],
    );
  });
});
