import { after, describe, it } from 'node:test';
import { ROWS, Run } from '../src/index.ts';
import { Fixture } from './fixture.ts';

const AT_A_TIME = 24;

const fixture = await Fixture.start();
const run = new Run(fixture.target);
after(() => fixture[Symbol.asyncDispose]());

for (const last of [false, true]) {
  describe(last ? 'after all others' : 'Sluice', { concurrency: AT_A_TIME }, () => {
    for (const row of ROWS.filter((each) => (each.last ?? false) === last)) {
      it(`${row.id}: ${row.statement}`, async (t) => {
        const { outcome, reason, transcript } = await run.row(row);
        if (outcome === 'failed') throw new Error(`${row.id}: ${reason ?? ''}\n\n${transcript}`);
        if (outcome === 'skipped') t.skip(reason ?? '');
      });
    }
  });
}
