import { after, describe, it } from 'node:test';
import { longestFirst, type Row, Run } from '../src/index.ts';
import { Fixture, type FixtureOptions } from './fixture.ts';

const AT_A_TIME = 24;

/** Judges Sluice by the rows, each as a test. */
export async function judge(name: string, rows: readonly Row[], options: FixtureOptions = {}): Promise<void> {
  const fixture = await Fixture.start(options);
  const run = new Run(fixture.target);
  after(() => fixture[Symbol.asyncDispose]());
  for (const last of [false, true]) {
    describe(last ? `${name}, after all others` : name, { concurrency: AT_A_TIME }, () => {
      for (const row of longestFirst(rows.filter((each) => (each.last ?? false) === last))) {
        it(`${row.id}: ${row.statement}`, async () => {
          const { outcome, reason, transcript } = await run.row(row);
          // The fixture has all that a row may need, so that one that is skipped judges nothing for a reason that is new.
          if (outcome !== 'passed') throw new Error(`${row.id} ${outcome}: ${reason ?? ''}\n\n${transcript}`);
        });
      }
    });
  }
}
