import { mutatedProgram } from '@sluice/testkit';
import { type Need, type Row, ROWS, runRows } from '../src/index.ts';
import { Fixture } from '../test/fixture.ts';
import type { Mutant } from './mutant.ts';

/** As the command. */
export const ROWS_AT_A_TIME = 16;

/** A row that failed, as it should. */
export interface Notice {
  readonly id: string;
  /** The first line of why. */
  readonly reason: string;
}

export interface MutantVerdict {
  readonly mutant: Mutant;
  readonly noticedBy: readonly Notice[];
  /** Rows that passed though the server was broken, or were skipped. */
  readonly missedBy: readonly string[];
  /** Why the broken server could not be judged; null if it was. */
  readonly fault: string | null;
  readonly ms: number;
}

/** The rows with these ids; an id that no row has is a mistake in the catalogue. */
export function rowsOf(ids: readonly string[]): readonly Row[] {
  return ids.map((id) => {
    const row = ROWS.find((each) => each.id === id);
    if (row === undefined) throw new Error(`no row has the id ${id}`);
    return row;
  });
}

export function needsOf(mutants: readonly Mutant[]): ReadonlySet<Need> {
  const needs = mutants.flatMap((mutant) => [...rowsOf(mutant.rows), mutant].flatMap((each) => each.needs ?? []));
  return new Set(needs);
}

/** Starts the broken server and runs the rows of the mutant against it. */
export async function judgeMutant(mutant: Mutant): Promise<MutantVerdict> {
  const startedAt = performance.now();
  const verdict = { mutant, noticedBy: [], missedBy: [], fault: null };
  try {
    const needs = needsOf([mutant]);
    await using fixture = await Fixture.start({ needs, program: mutatedProgram(mutant) });
    const { target } = fixture;
    // Rows that connect in turn with as many others as there are processes would each be with one process alone.
    const concurrency = needs.has('several-processes') ? 1 : ROWS_AT_A_TIME;
    const results = await runRows({ rows: rowsOf(mutant.rows), target, concurrency });
    const failed = results.filter(({ outcome }) => outcome === 'failed');
    return {
      ...verdict,
      noticedBy: failed.map(({ id, reason }) => ({ id, reason: reason?.split('\n', 1)[0] ?? '' })),
      missedBy: results.filter(({ outcome }) => outcome !== 'failed').map(({ id }) => id),
      ms: performance.now() - startedAt,
    };
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error);
    return { ...verdict, fault, ms: performance.now() - startedAt };
  }
}
