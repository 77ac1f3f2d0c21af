import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deltaFormat } from '../src/delta-format.ts';
import { Demand } from '../src/demand.ts';

const FOSSIL = deltaFormat('fossil', 'json');
const BINARY = deltaFormat('fossil', 'binary');
const XDELTA3 = deltaFormat('xdelta3', 'json');

describe('the count of who holds what', () => {
  it('is by base and format, without those who hold nothing', () => {
    const demand = new Demand(7);
    for (const held of [7, 7, 5, 7, 0, 5]) demand.add(FOSSIL, held);
    for (const held of [7, 0]) demand.add(XDELTA3, held);
    demand.add(BINARY, 5);
    assert.deepEqual(demand.cohorts, [
      { format: FOSSIL, base: 7, sockets: 3 },
      { format: FOSSIL, base: 5, sockets: 2 },
      { format: XDELTA3, base: 7, sockets: 1 },
      { format: BINARY, base: 5, sockets: 1 },
    ]);
  });

  it('goes on for the newest base when there are too many others', () => {
    const demand = new Demand(1000);
    for (let held = 1; held <= 100; held++) demand.add(FOSSIL, held);
    for (const format of [FOSSIL, XDELTA3]) demand.add(format, 1000);
    assert.equal(demand.cohorts.length, 34);
    assert.deepEqual(
      demand.cohorts.slice(-2).map(({ base }) => base),
      [1000, 1000],
    );
  });
});
