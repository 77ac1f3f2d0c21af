import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { SluiceProcess } from '@sluice/testkit';

it('workers are started with a bound on the memory of young objects', { timeout: 30_000 }, async () => {
  await using server = await SluiceProcess.start({ workers: 2 });
  const pids = server.workerPids();
  assert.equal(pids.length, 2);
  for (const pid of pids) {
    const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    assert.ok(line.includes('--max-semi-space-size=8'), line.join(' '));
  }
});
