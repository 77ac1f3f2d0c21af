import { judgeBudgets, readBudgets } from './budgets.ts';
import { Children } from './children.ts';
import { reportFailure } from './errors.ts';
import { HELP } from './help.ts';
import { describeMachine } from './machine.ts';
import { type Options, parseOptions } from './options.ts';
import { writePage } from './page.ts';
import { choosePinning } from './pinning.ts';
import { renderTable, renderVerdicts, writeJson, type Report } from './report.ts';
import { runAll } from './runner.ts';
import { SCENARIOS } from './scenarios/index.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { requireSoketi } from './servers/soketi-package.ts';
import { summarise } from './summary.ts';

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Where a scenario is run that says something of it. */
function needsSoketi({ targets, scenarios }: Options): boolean {
  const says = ({ without }: Scenario): boolean => without?.includes('soketi') !== true;
  return targets.includes('soketi') && scenarios.some((scenario) => says(SCENARIOS[scenario]));
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
  const soketi = needsSoketi(options) ? requireSoketi(progress) : null;
  const samples = await runAll({ options, children, pinning, soketi, progress });
  const summary = summarise(samples);
  const report: Report = {
    date,
    // A secret given on the command line stays out of files.
    command: ['npm run bench --', ...args].join(' ').replace(/(--app-secret[= ])\S+/, '$1…'),
    machine: describeMachine(),
    peer: soketi?.versions ?? null,
    pinning: pinning.description,
    options,
    summary,
    budgets: options.check ? judgeBudgets(readBudgets(), summary) : [],
    samples,
  };
  process.stdout.write(renderTable(report));
  process.stdout.write(renderVerdicts(report.budgets));
  if (report.budgets.some(({ isMet }) => !isMet)) process.exitCode = 1;
  if (options.report !== null) progress(`written: ${writePage(report, options.report).join(', ')}`);
  if (options.json !== null) progress(`written: ${writeJson(report, options.json).join(', ')}`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = reportFailure(error, 'bench --help');
}
