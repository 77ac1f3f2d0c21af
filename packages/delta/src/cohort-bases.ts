import type { Algorithm } from './codec.ts';
import type { Cohort } from './demand.ts';
import type { Base } from './track.ts';

/** Older bases that one publication has patches for, beside the newest. */
const MAX_OLDER = 4;

export interface CohortBase {
  readonly algorithm: Algorithm;
  readonly base: Base;
}

/**
 * The patches that are worth computing: for the newest base always, for older ones where enough sockets share them. `bases`: what the
 * track holds, the newest last.
 */
export function cohortBases(cohorts: readonly Cohort[], bases: readonly Base[], minCohort: number): CohortBase[] {
  const newest = bases.at(-1);
  const wanted: CohortBase[] = [];
  const older: (CohortBase & { readonly sockets: number })[] = [];
  for (const { algorithm, base: held, sockets } of cohorts) {
    const base = bases.find(({ sequence }) => sequence === held);
    if (base === undefined) continue;
    if (base === newest) wanted.push({ algorithm, base });
    else if (sockets >= minCohort) older.push({ algorithm, base, sockets });
  }
  return [...wanted, ...older.sort((a, b) => b.sockets - a.sockets).slice(0, MAX_OLDER)];
}
