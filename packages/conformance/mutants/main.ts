import { FROM_SOURCE } from '@sluice/testkit';
import { UsageError } from '../src/command/usage-error.ts';
import { runRows } from '../src/index.ts';
import { Fixture } from '../test/fixture.ts';
import { judgeMutant, type MutantVerdict, needsOf, ROWS_AT_A_TIME, rowsOf } from './judge-mutant.ts';
import { driftOf, type Mutant } from './mutant.ts';
import { HELP, parseOptions } from './options.ts';
import { isNoticed, renderProgress, renderReport } from './report.ts';

/** Broken servers at a time. Most of their time is waiting for what does not come, so that these fit on two cores. */
const AT_A_TIME = 4;

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** The exit code. */
async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options === null) {
    process.stdout.write(HELP);
    return 0;
  }
  const { mutants, isList, withReasons } = options;
  if (isList) {
    for (const { name, rows } of mutants) process.stdout.write(`${name}  ${rows.join(', ')}\n`);
    return 0;
  }
  const drift = driftOf(mutants);
  for (const each of drift) progress(each);
  if (drift.length > 0) return 1;
  if (!(await passesAsItIs(mutants))) return 1;
  const verdicts = await judgeAll(mutants);
  process.stdout.write(renderReport(verdicts, { withReasons }));
  return verdicts.every(isNoticed) ? 0 : 1;
}

/** A row that fails anyway would notice everything. */
async function passesAsItIs(mutants: readonly Mutant[]): Promise<boolean> {
  const rows = rowsOf([...new Set(mutants.flatMap(({ rows: ids }) => ids))]);
  progress(`${mutants.length} mutants; first their ${rows.length} rows, against the server as it is`);
  await using fixture = await Fixture.start({ needs: needsOf(mutants), program: FROM_SOURCE });
  const results = await runRows({ rows, target: fixture.target, concurrency: ROWS_AT_A_TIME });
  const failed = results.filter(({ outcome }) => outcome !== 'passed');
  for (const { id, reason } of failed) progress(`${id} does not pass, though nothing is broken: ${reason ?? ''}`);
  return failed.length === 0;
}

async function judgeAll(mutants: readonly Mutant[]): Promise<readonly MutantVerdict[]> {
  // Those that may take long first, or the end waits for them.
  const queue = mutants.toSorted((a, b) => longestOf(b) - longestOf(a));
  const verdicts = new Map<Mutant, MutantVerdict>();
  const work = async (): Promise<void> => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const verdict = await judgeMutant(mutant);
      verdicts.set(mutant, verdict);
      progress(`${verdicts.size}/${mutants.length}  ${renderProgress(verdict)}`);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return mutants.flatMap((mutant) => verdicts.get(mutant) ?? []);
}

function longestOf({ rows }: Mutant): number {
  return Math.max(...rowsOf(rows).map(({ timeoutMs = 0 }) => timeoutMs));
}

// A row that failed may leave something behind that fails after it, and has been judged already.
process.on('unhandledRejection', () => {});
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isUsage = error instanceof UsageError;
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = isUsage ? 2 : 1;
}
// A row that ran out of time may keep the process from ending by itself; the report has to be out first.
process.stdout.write('', () => process.exit());
