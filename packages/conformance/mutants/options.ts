import { parseArgs } from 'node:util';
import { UsageError } from '../src/command/usage-error.ts';
import { MUTANTS } from './catalogue/index.ts';
import type { Mutant } from './mutant.ts';

export const HELP = `npm run mutants -- [--only NAME,GROUP] [--reasons] [--list]

Breaks the server in chosen ways, one at a time, and shows that the conformance suite notices each: every row that a
mutant names has to fail. The server runs from source, with one piece of it replaced while it is loaded; no file is
changed. First all these rows run against the server as it is, and have to pass.

  --only sends-no-cache-miss,PR   only these mutants, and those that rows of these groups notice
  --reasons                       also says of each row why it failed
  --list                          names the mutants, and runs none
  -h, --help

Where the source has changed so that a mutant does not fit it any more, nothing is run: the catalogue in
packages/conformance/mutants/catalogue has to follow.

Progress goes to standard error, the table to standard output. Exit code 0: each mutant was noticed; 1: one was not, or
nothing could be judged; 2: the command line is wrong.
`;

export interface Options {
  readonly mutants: readonly Mutant[];
  readonly isList: boolean;
  readonly withReasons: boolean;
}

const FLAGS = {
  help: { type: 'boolean', short: 'h' },
  only: { type: 'string' },
  list: { type: 'boolean' },
  reasons: { type: 'boolean' },
} as const;

/** `null`: help was asked for. */
export function parseOptions(args: readonly string[]): Options | null {
  const flags = readFlags(args);
  if (flags.help === true) return null;
  return {
    mutants: flags.only === undefined ? MUTANTS : named(flags.only),
    isList: flags.list === true,
    withReasons: flags.reasons === true,
  };
}

function readFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS, allowPositionals: false, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function named(only: string): readonly Mutant[] {
  const chosen = new Set<Mutant>();
  for (const word of only.split(',').map((text) => text.trim())) {
    const found = MUTANTS.filter(({ name, rows }) => name === word || rows.some((id) => isIn(id, word.toUpperCase())));
    if (found.length === 0)
      throw new UsageError(`--only: no mutant is called "${word}", and none is noticed by such rows`);
    for (const mutant of found) chosen.add(mutant);
  }
  return MUTANTS.filter((mutant) => chosen.has(mutant));
}

function isIn(id: string, groupOrId: string): boolean {
  return id === groupOrId || id.startsWith(`${groupOrId}-`);
}
