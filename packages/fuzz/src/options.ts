import { parseArgs } from 'node:util';
import type { Surface } from './surface.ts';
import { SURFACES } from './surfaces.ts';
import { UsageError } from './usage-error.ts';

const DEFAULT_RUNS = 100_000;

export const HELP = `npm run fuzz -- [--runs N] [--seed S] [--only NAME]

Sends random and mutated input to a real server of two workers, and looks after each batch whether any harm was done:
every worker lives, the log has no error, health checks answer, ordinary clients still get what is theirs, and every
answer is a valid one. At the end the memory of the processes has to be about what it was after the warm-up.

  --runs N        cases, in all (${DEFAULT_RUNS.toLocaleString('en')})
  --seed S        the same cases again; random if it is left out
  --only NAMES    ${SURFACES.map(({ name, title }) => `${name}: ${title}`).join('\n                  ')}
  --path P        with --seed and --only: only what failed, at its smallest
  -h, --help

What fails is shown at its smallest, with the command that repeats it. Exit code 0: no harm; 1: harm; 2: the command line
is wrong.
`;

export interface Options {
  readonly runs: number;
  readonly seed: number;
  readonly surfaces: readonly Surface[];
  /** Null: everything from the seed on. */
  readonly path: string | null;
}

const FLAGS = {
  help: { type: 'boolean', short: 'h' },
  runs: { type: 'string' },
  seed: { type: 'string' },
  only: { type: 'string' },
  path: { type: 'string' },
} as const;

/** `null`: help was asked for. */
export function parseOptions(args: readonly string[]): Options | null {
  const flags = readFlags(args);
  if (flags.help === true) return null;
  const surfaces = flags.only === undefined ? SURFACES : named(flags.only);
  const { path = null } = flags;
  if (path !== null && (flags.seed === undefined || surfaces.length !== 1)) {
    throw new UsageError('--path needs the --seed and the --only that it was told with');
  }
  if (path !== null && !/^\d+(:\d+)*$/.test(path))
    throw new UsageError(`--path: expected numbers as in 4:1:0, got "${path}"`);
  return {
    runs: flags.runs === undefined ? DEFAULT_RUNS : integer('runs', flags.runs),
    seed: flags.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : integer('seed', flags.seed),
    surfaces,
    path,
  };
}

function readFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS, allowPositionals: false, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function integer(name: string, text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new UsageError(`--${name}: expected a whole number, got "${text}"`);
  return Number(text);
}

function named(only: string): readonly Surface[] {
  return only.split(',').map((word) => {
    const surface = SURFACES.find(({ name }) => name === word.trim());
    if (surface !== undefined) return surface;
    throw new UsageError(`--only: expected ${SURFACES.map(({ name }) => name).join(', ')}, got "${word}"`);
  });
}
