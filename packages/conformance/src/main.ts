import { HELP } from './command/help.ts';
import { findObstacle } from './command/obstacle.ts';
import { parseOptions } from './command/options.ts';
import { listenForWebhooks, targetOf } from './command/preparation.ts';
import { renderReport, type Report, writeJson } from './command/report.ts';
import { UsageError } from './command/usage-error.ts';
import { countsOf, judge } from './command/verdict.ts';

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
  const { only, json } = options;
  const date = new Date().toISOString();
  const target = targetOf(options, await listenForWebhooks(options));
  const obstacle = await findObstacle(target);
  if (obstacle !== null) {
    progress(`nothing can be judged: ${obstacle}`);
    return 1;
  }
  const report: Report = { date, target, only, verdicts: await judge({ target, only, progress }) };
  process.stdout.write(renderReport(report));
  if (json !== null) progress(`written: ${writeJson(report, json)}`);
  return countsOf(report.verdicts).failed === 0 ? 0 : 1;
}

// A row that failed may leave something behind that fails after it, and has been judged already.
process.on('unhandledRejection', () => {});
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n(--help lists everything)\n`);
  process.exitCode = 2;
}
// A row that ran out of time may keep the process from ending by itself; the report has to be out first.
process.stdout.write('', () => process.exit());
