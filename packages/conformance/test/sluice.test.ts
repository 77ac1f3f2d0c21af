import { after, describe, it } from 'node:test';
import { longestFirst, ROWS, Run } from '../src/index.ts';
import { Fixture } from './fixture.ts';

const AT_A_TIME = 24;

const fixture = await Fixture.start();
const run = new Run(fixture.target);
after(() => fixture[Symbol.asyncDispose]());

for (const last of [false, true]) {
  describe(last ? 'after all others' : 'Sluice', { concurrency: AT_A_TIME }, () => {
    for (const row of longestFirst(ROWS.filter((each) => (each.last ?? false) === last))) {
      it(`${row.id}: ${row.statement}`, async () => {
        const { outcome, reason, transcript } = await run.row(row);
        // The fixture has all that a row may need, so that one that is skipped judges nothing for a reason that is new.
        if (outcome !== 'passed') throw new Error(`${row.id} ${outcome}: ${reason ?? ''}\n\n${transcript}`);
      });
    }
  });
}
