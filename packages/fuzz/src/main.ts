import { runCampaign, type Tally } from './campaign.ts';
import { Lab } from './lab.ts';
import { HELP, type Options, parseOptions } from './options.ts';
import { isHarmless, renderFailure, renderOutcome, renderProgress } from './report.ts';
import { playAgain } from './round.ts';
import { UsageError } from './usage-error.ts';

const PROGRESS_MS = 3000;
const MAX_SHRINKS = 200;
/** Longer than the server waits for the answer to a close (5 s), and so holds the socket. */
const IDLE_MS = 6000;

/** The exit code. */
async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options === null) {
    process.stdout.write(HELP);
    return 0;
  }
  return options.path === null ? play(options) : repeat(options, options.path);
}

async function play({ surfaces, runs, seed }: Options): Promise<number> {
  let toldAt = performance.now();
  const onProgress = (tallies: readonly Tally[]): void => {
    if (performance.now() - toldAt < PROGRESS_MS) return;
    toldAt = performance.now();
    process.stderr.write(`${renderProgress(tallies)}\n`);
  };
  process.stderr.write(`seed ${seed}\n`);
  const outcome = await runCampaign({ surfaces, runs, seed, maxShrinks: MAX_SHRINKS, idleMs: IDLE_MS, onProgress });
  process.stdout.write(renderOutcome(outcome, seed));
  return isHarmless(outcome) ? 0 : 1;
}

/** Only what failed before. */
async function repeat({ surfaces, seed }: Options, path: string): Promise<number> {
  await using lab = new Lab();
  for (const surface of surfaces) {
    const failure = await playAgain({ surface, seed, path }, lab);
    if (failure === null) continue;
    process.stdout.write(`${renderFailure(failure)}\n`);
    return 1;
  }
  process.stdout.write('no harm was done: it is mended, or needs what the server had been sent before\n');
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n(--help lists everything)\n`);
  process.exitCode = 2;
}
