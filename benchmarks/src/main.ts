import { Children } from './children.ts';
import { BenchmarkFailure, UsageError } from './errors.ts';
import { HELP } from './help.ts';
import { describeMachine } from './machine.ts';
import { parseOptions } from './options.ts';
import { choosePinning } from './pinning.ts';
import { renderTable, writeJson, type Report } from './report.ts';
import { runAll } from './runner.ts';
import { summarise } from './summary.ts';

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  if (options === null) {
    process.stdout.write(HELP);
    return;
  }
  const children = new Children();
  children.killAtExit();
  const pinning = choosePinning(options.workers);
  const date = new Date().toISOString();
  progress(`${date}: ${pinning.description}`);
  const samples = await runAll({ options, children, pinning, progress });
  const report: Report = {
    date,
    // A secret given on the command line stays out of files.
    command: ['bench', ...args].join(' ').replace(/(--app-secret[= ])\S+/, '$1…'),
    machine: describeMachine(),
    pinning: pinning.description,
    options,
    summary: summarise(samples),
    samples,
  };
  process.stdout.write(renderTable(report));
  if (options.json !== null) progress(`written: ${writeJson(report, options.json).join(', ')}`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) process.stderr.write(`${error.message}\n(bench --help lists everything)\n`);
  else if (error instanceof BenchmarkFailure) process.stderr.write(`FAILED: ${error.message}\n`);
  else throw error;
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
