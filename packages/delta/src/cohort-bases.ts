import type { Algorithm } from './codec.ts';
import type { DeltaForm } from './delta-format.ts';
import type { Cohort } from './demand.ts';
import type { Base } from './track.ts';

/** Older bases that one publication has patches for, beside the newest. */
const MAX_OLDER = 4;

export interface CohortBase {
  readonly algorithm: Algorithm;
  readonly base: Base;
  /** In which the patch is asked for. */
  readonly forms: readonly DeltaForm[];
}

interface Wanted {
  readonly algorithm: Algorithm;
  readonly base: Base;
  readonly forms: DeltaForm[];
  sockets: number;
}

/**
 * The patches that are worth computing: for the newest base always, for older ones where enough sockets share them. `bases`: what the
 * track holds, the newest last.
 */
export function cohortBases(cohorts: readonly Cohort[], bases: readonly Base[], minCohort: number): CohortBase[] {
  const all: Wanted[] = [];
  for (const { format, base: held, sockets } of cohorts) {
    const base = bases.find(({ sequence }) => sequence === held);
    if (base === undefined) continue;
    const { algorithm, form } = format;
    const known = all.find((wanted) => wanted.base === base && wanted.algorithm === algorithm);
    if (known === undefined) all.push({ algorithm, base, forms: [form], sockets });
    else {
      known.forms.push(form);
      known.sockets += sockets;
    }
  }
  const newest = bases.at(-1);
  const older = all.filter(({ base, sockets }) => base !== newest && sockets >= minCohort);
  return [
    ...all.filter(({ base }) => base === newest),
    ...older.sort((a, b) => b.sockets - a.sockets).slice(0, MAX_OLDER),
  ];
}
