import { after, describe, it } from 'node:test';
import { queuesOf, type Row, Run } from '../src/index.ts';
import { Fixture, type FixtureOptions } from './fixture.ts';

const LIGHT_AT_A_TIME = 16;

/** Judges Sluice by the rows, each as a test. */
export async function judge(name: string, rows: readonly Row[], options: FixtureOptions = {}): Promise<void> {
  const fixture = await Fixture.start(options);
  const run = new Run(fixture.target);
  after(() => fixture[Symbol.asyncDispose]());
  for (const last of [false, true]) {
    const { heavy, light } = queuesOf(rows.filter((each) => (each.last ?? false) === last));
    describe(last ? `${name}, after all others` : name, { concurrency: 2 }, () => {
      describe('by rows that keep a processor busy', { concurrency: 1 }, () => testsOf(run, heavy));
      describe('by all others', { concurrency: LIGHT_AT_A_TIME }, () => testsOf(run, light));
    });
  }
}

function testsOf(run: Run, rows: readonly Row[]): void {
  for (const row of rows) {
    it(`${row.id}: ${row.statement}`, async () => {
      const { outcome, reason, transcript } = await run.row(row);
      // The fixture has all that a row may need, so that one that is skipped judges nothing for a reason that is new.
      if (outcome !== 'passed') throw new Error(`${row.id} ${outcome}: ${reason ?? ''}\n\n${transcript}`);
    });
  }
}
