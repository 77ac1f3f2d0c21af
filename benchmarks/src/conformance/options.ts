import { parseArgs } from 'node:util';
import { groupOf, ROWS, type Row } from '@sluice/conformance';

import { UsageError } from '../errors.ts';

export const HELP = `npm run conformance -- --peer soketi [options]

Judges Sluice and soketi by the same statements, on servers that it starts on loopback, and counts by group what came of
them. soketi is installed from npm the first time, outside of this workspace.

  --only HS,PG-01        only these groups and rows
  --write                also write benchmarks/results/conformance-soketi-….md and .json
  -h, --help

Without --peer it judges one server that runs already: npm run conformance -- --help.
`;

export interface Options {
  readonly rows: readonly Row[];
  readonly write: boolean;
}

const FLAGS = {
  help: { type: 'boolean', short: 'h' },
  peer: { type: 'string' },
  only: { type: 'string' },
  write: { type: 'boolean' },
} as const;

/** `null`: help was asked for. */
export function parseOptions(args: readonly string[]): Options | null {
  const flags = readFlags(args);
  if (flags.help === true) return null;
  if (flags.peer !== 'soketi') throw new UsageError(`--peer: expected soketi, got "${flags.peer ?? ''}"`);
  if (flags.only !== undefined && flags.write === true) {
    throw new UsageError('--write keeps the counts of all rows, and goes without --only');
  }
  return { rows: flags.only === undefined ? ROWS : rowsOf(flags.only), write: flags.write ?? false };
}

function readFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function rowsOf(text: string): Row[] {
  const names = text.split(',').map((name) => name.trim().toUpperCase());
  for (const name of names) {
    const known = ROWS.some(({ id }) => id === name || groupOf(id) === name);
    if (!known) throw new UsageError(`--only: expected groups such as HS or rows such as HS-01, got "${name}"`);
  }
  return ROWS.filter(({ id }) => names.includes(id) || names.includes(groupOf(id)));
}
