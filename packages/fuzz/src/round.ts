import fc from 'fast-check';
import type { Lab } from './lab.ts';
import type { Batch, Surface } from './surface.ts';

export interface RoundOptions {
  readonly surface: Surface;
  readonly lab: Lab;
  readonly seed: number;
  readonly batches: number;
  /** Tries to make what failed smaller; each costs a start of a server if it fails too. */
  readonly maxShrinks: number;
}

export interface Round {
  /** Cases that did no harm. */
  readonly cases: number;
  readonly failure: Failure | null;
}

/** A batch that did harm, at the smallest that was found. */
export interface Failure {
  readonly surface: Surface;
  readonly seed: number;
  /** Where fast-check finds it among all that the seed gives. */
  readonly path: string;
  readonly reason: string;
  readonly input: string;
  /** In the input. */
  readonly cases: number;
}

/** Some batches of one kind, made from one seed. */
export async function playRound({ surface, lab, seed, batches, maxShrinks }: RoundOptions): Promise<Round> {
  let [cases, shrinks, hasFailed] = [0, 0, false];
  const judge = async (batch: Batch): Promise<void> => {
    if (lab.fault !== undefined || (hasFailed && ++shrinks > maxShrinks)) return;
    try {
      await lab.judge(batch);
      if (!hasFailed) cases += batch.cases.length;
    } catch (error) {
      hasFailed = true;
      throw error;
    }
  };
  const details = await fc.check(fc.asyncProperty(surface.batches, judge), { seed, numRuns: batches });
  if (lab.fault !== undefined) throw lab.fault;
  if (!details.failed) return { cases, failure: null };
  const { counterexample, counterexamplePath, errorInstance: error } = details;
  const place = { surface, seed, path: counterexamplePath ?? '' };
  return { cases, failure: failureOf(place, counterexample?.[0], error) };
}

type Place = Pick<Failure, 'surface' | 'seed' | 'path'>;

/** Plays only the batch of an earlier failure. Null: it does no harm. */
export async function playAgain(place: Place, lab: Lab): Promise<Failure | null> {
  const { surface, seed, path } = place;
  const [batch] = fc.sample(surface.batches, { seed, path, numRuns: 1 });
  if (batch === undefined) throw new Error(`the seed ${seed} gives nothing at the path ${path}`);
  try {
    await lab.judge(batch);
    return null;
  } catch (error) {
    if (lab.fault !== undefined) throw lab.fault;
    return failureOf(place, batch, error);
  }
}

function failureOf(place: Place, batch: Batch | undefined, error: unknown): Failure {
  // Its stack is that of this program.
  const reason = error instanceof Error ? error.message : String(error);
  const cases = batch?.cases ?? [];
  return { ...place, reason, input: shorten(fc.stringify(cases)), cases: cases.length };
}

/** Longest input that is shown; the command that repeats it needs none of it. */
const MAX_INPUT = 5000;

function shorten(text: string): string {
  const left = text.length - MAX_INPUT;
  return left > 0 ? `${text.slice(0, MAX_INPUT)}… (${left} more characters)` : text;
}
