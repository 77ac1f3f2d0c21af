import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CountBatch } from '../src/worker/count-batch.ts';

function report(channel: string, subscriptions: number) {
  return { appId: '1', channel, subscriptions, announce: false };
}

describe('Counts that are told together', () => {
  it('are the newest of each channel, in the order of their first', () => {
    const batch = new CountBatch();
    for (const each of [report('a', 1), report('b', 7), report('a', 2), report('a', 3)]) batch.add(each);
    assert.deepEqual(batch.take(), [report('a', 3), report('b', 7)]);
    assert.ok(batch.isEmpty);
    batch.add(report('a', 4));
    assert.deepEqual(batch.take(), [report('a', 4)], 'what was told is not changed any more');
  });

  it('tell that a channel was empty in between, or was not', () => {
    const batch = new CountBatch();
    const told = [report('a', 0), report('a', 1), report('a', 0)];
    for (const each of told) batch.add(each);
    assert.deepEqual(batch.take(), told);
  });
});
