import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { workerArguments } from '../src/worker-arguments.ts';

describe('What a worker is started with', () => {
  it('is what the primary is, and a bound on the memory of young objects', () => {
    assert.deepEqual(workerArguments(['--cpu-prof']), ['--cpu-prof', '--max-semi-space-size=8']);
  });

  it('keeps a bound that somebody chose, as an argument or in NODE_OPTIONS', () => {
    assert.deepEqual(workerArguments(['--max-semi-space-size=64']), ['--max-semi-space-size=64']);
    assert.deepEqual(workerArguments(['--cpu-prof'], '--max-semi-space-size=64'), ['--cpu-prof']);
  });
});
