import type { DeltaFormat } from './delta-format.ts';

/** Sockets that one delta would serve. */
export interface Cohort {
  readonly format: DeltaFormat;
  /** The number of the frame they hold. */
  readonly base: number;
  sockets: number;
}

/** Different cohorts of older bases that are counted; sockets beyond them get full frames. */
const MAX_COHORTS = 32;

/** Who of a channel's subscribers holds what, counted anew for each publication. HOT: `add` runs once per recipient. */
export class Demand {
  readonly #newest: number;
  readonly #cohorts: Cohort[] = [];
  #latest: Cohort | undefined;

  /** `newest`: the number of the base that most hold. */
  constructor(newest: number) {
    this.#newest = newest;
  }

  get cohorts(): readonly Cohort[] {
    return this.#cohorts;
  }

  /** So many who are known to hold the same. */
  addAll(format: DeltaFormat, held: number, sockets: number): void {
    if (sockets > 0) this.#cohorts.push({ format, base: held, sockets });
  }

  /** `held`: 0 for none. */
  add(format: DeltaFormat, held: number): void {
    if (held === 0) return;
    // Nearly all subscribers of a channel hold the same.
    const latest = this.#latest;
    if (latest !== undefined && latest.base === held && latest.format === format) latest.sockets++;
    else this.#addTo(format, held);
  }

  #addTo(format: DeltaFormat, base: number): void {
    let cohort = this.#cohorts.find((known) => known.base === base && known.format === format);
    if (cohort === undefined) {
      if (this.#cohorts.length >= MAX_COHORTS && base !== this.#newest) return;
      cohort = { format, base, sockets: 0 };
      this.#cohorts.push(cohort);
    }
    cohort.sockets++;
    this.#latest = cohort;
  }
}
