import { setTimeout as sleep } from 'node:timers/promises';
import type { Program } from '@sluice/testkit';
import { Lab } from './lab.ts';
import type { Memory } from './memory.ts';
import { type Failure, playRound } from './round.ts';
import type { Subject } from './subject.ts';
import type { Surface } from './surface.ts';

export interface CampaignOptions {
  readonly surfaces: readonly Surface[];
  /** Cases, all surfaces together; a few more are played, since they come in batches. */
  readonly runs: number;
  readonly seed: number;
  readonly maxShrinks: number;
  /** Before memory is looked at, so that closed sockets are let go of; null: it is not, in campaigns too short to tell. */
  readonly idleMs: number | null;
  readonly program?: Program;
  readonly onProgress: (tallies: readonly Tally[]) => void;
}

export interface Tally {
  readonly surface: Surface;
  cases: number;
  ms: number;
}

export interface Growth {
  readonly process: string;
  readonly warm: Memory;
  readonly last: Memory;
}

export interface Outcome {
  readonly tallies: readonly Tally[];
  readonly failure: Failure | null;
  /** Empty after a failure, and where memory is not looked at. */
  readonly growth: readonly Growth[];
  readonly restarts: number;
}

/** Batches of one kind before the next kind has its turn. */
const MAX_BATCHES_PER_ROUND = 20;
/** Roughly, for campaigns that are over before each kind has had its turn. */
const CASES_PER_BATCH = 50;
/** Until then code is compiled, and pools and caches fill. */
const WARM_UP = 0.2;

/** Plays rounds of all surfaces in turn against one server, until something is harmed or the cases are through. */
export async function runCampaign(options: CampaignOptions): Promise<Outcome> {
  const { surfaces, runs, maxShrinks, idleMs, onProgress } = options;
  await using lab = new Lab(options.program);
  const batches = Math.min(MAX_BATCHES_PER_ROUND, Math.ceil(runs / surfaces.length / CASES_PER_BATCH));
  const tallies: readonly Tally[] = surfaces.map((surface) => ({ surface, cases: 0, ms: 0 }));
  const played = (): number => tallies.reduce((sum, { cases }) => sum + cases, 0);
  let warm: ReadonlyMap<string, Memory> | null = null;
  for (let seed = options.seed; played() < runs;) {
    for (const tally of tallies) {
      const startedAt = performance.now();
      const { surface } = tally;
      const { cases, failure } = await playRound({ surface, lab, seed, batches, maxShrinks });
      seed++;
      tally.cases += cases;
      tally.ms += performance.now() - startedAt;
      onProgress(tallies);
      if (failure !== null) return { tallies, failure, growth: [], restarts: 0 };
    }
    if (warm === null && played() >= runs * WARM_UP) warm = await memoryAtRest(await lab.subject(), idleMs);
  }
  const subject = await lab.subject();
  await subject.assertUnharmed();
  const last = await memoryAtRest(subject, idleMs);
  const growth = [...last].map(([process, memory]) => {
    return { process, warm: warm?.get(process) ?? memory, last: memory };
  });
  return { tallies, failure: null, growth, restarts: await subject.restarts() };
}

async function memoryAtRest(subject: Subject, idleMs: number | null): Promise<ReadonlyMap<string, Memory>> {
  if (idleMs === null) return new Map();
  await sleep(idleMs);
  return subject.memory();
}
