import { stripVTControlCharacters } from 'node:util';
import type { Row } from '../row.ts';
import { groupOf, GROUP_TITLES, ROWS } from '../rows/index.ts';
import { type RowResult, runRows } from '../run.ts';
import type { Target } from '../target.ts';

/** Rows at a time. */
const AT_A_TIME = 16;

export type Outcome = RowResult['outcome'];
export type Counts = Record<Outcome, number>;

/** What became of one statement. */
export interface Verdict {
  readonly id: string;
  /** Null where there is no row yet. */
  readonly statement: string | null;
  readonly outcome: Outcome;
  readonly reason: string | null;
  /** Of a failed row: what was sent and what came. */
  readonly transcript: string | null;
}

export interface JudgeOptions {
  readonly target: Target;
  /** Groups and ids; null for all. */
  readonly only: readonly string[] | null;
  readonly progress: (text: string) => void;
}

/** Runs the rows that were asked for, and gives the verdicts on their statements in the order of the groups. */
export async function judge({ target, only, progress }: JudgeOptions): Promise<Verdict[]> {
  const isAsked = ({ id }: { readonly id: string }): boolean =>
    only === null || only.includes(id) || only.includes(groupOf(id));
  const rows = ROWS.filter(isAsked);
  const results = await runRows({
    rows,
    target,
    concurrency: AT_A_TIME,
    onResult: reportProgress(rows, progress),
  });
  const statements = new Map(rows.map(({ id, statement }) => [id, statement]));
  const verdicts = results.map((result) => verdictOn(statements.get(result.id) ?? null, result));
  const groups = Object.keys(GROUP_TITLES);
  const placeOf = ({ id }: Verdict): number => groups.indexOf(groupOf(id));
  return verdicts.sort((a, b) => placeOf(a) - placeOf(b) || a.id.localeCompare(b.id));
}

export function countsOf(verdicts: readonly Pick<Verdict, 'outcome'>[]): Counts {
  const counts = noCounts();
  for (const { outcome } of verdicts) counts[outcome]++;
  return counts;
}

function noCounts(): Counts {
  return { passed: 0, failed: 0, skipped: 0 };
}

function verdictOn(statement: string | null, { id, outcome, reason, transcript }: RowResult): Verdict {
  return {
    id,
    statement,
    outcome,
    reason: reason === null ? null : withoutStack(stripVTControlCharacters(reason)),
    transcript: outcome === 'failed' ? transcript : null,
  };
}

/** Of the lines of a stack only the one in the row is of use to who judges a server. */
function withoutStack(reason: string): string {
  const lines = reason.split('\n');
  const isCall = (line: string): boolean => /^ {4}at /.test(line);
  const place = lines.filter(isCall).map((line) => /\/(src\/rows\/[\w-]+\.ts:\d+)/.exec(line)?.[1]);
  const at = place.find((found) => found !== undefined);
  const text = lines.filter((line) => !isCall(line)).join('\n');
  return at === undefined ? text.trimEnd() : `${text.trimEnd()}\n(${at})`;
}

/** Tells of each failure at once, and of each group when all of it is done. */
function reportProgress(rows: readonly Row[], progress: (text: string) => void): (result: RowResult) => void {
  const left = new Map<string, number>();
  for (const { id } of rows) left.set(groupOf(id), (left.get(groupOf(id)) ?? 0) + 1);
  const done = new Map<string, Counts>();
  return ({ id, outcome }) => {
    if (outcome === 'failed') progress(`${id} failed`);
    const group = groupOf(id);
    const counts = done.get(group) ?? noCounts();
    counts[outcome]++;
    done.set(group, counts);
    const more = (left.get(group) ?? 0) - 1;
    left.set(group, more);
    const { passed, failed, skipped } = counts;
    if (more === 0) progress(`${group}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  };
}
