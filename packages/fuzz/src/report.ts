import type { Growth, Outcome, Tally } from './campaign.ts';
import type { Memory } from './memory.ts';
import type { Failure } from './round.ts';

/** Growth of a process from the warm-up to the end beyond which it counts as a leak. */
const MAX_GROWTH: Memory = { keptBytes: 8 * 1024 ** 2, residentBytes: 32 * 1024 ** 2 };

function hasGrown({ warm, last }: Growth): boolean {
  return (
    last.keptBytes - warm.keptBytes > MAX_GROWTH.keptBytes ||
    last.residentBytes - warm.residentBytes > MAX_GROWTH.residentBytes
  );
}

export function isHarmless({ failure, growth, restarts }: Outcome): boolean {
  return failure === null && restarts === 0 && !growth.some(hasGrown);
}

export function renderProgress(tallies: readonly Tally[]): string {
  const { cases, ms } = sumOf(tallies);
  return `${count(cases)} cases, ${count(perSecond(cases, ms))} a second`;
}

export function renderOutcome(outcome: Outcome, seed: number): string {
  const { tallies, failure, growth, restarts } = outcome;
  const lines = [...tallies.map((tally) => [tally.surface.name, tally] as const), ['all', sumOf(tallies)] as const].map(
    ([name, { cases, ms }]) =>
      `${name.padEnd(8)}${count(cases).padStart(10)} cases${(ms / 1000).toFixed(1).padStart(9)} s${count(perSecond(cases, ms)).padStart(9)} a second`,
  );
  const parts = [lines.join('\n')];
  if (failure !== null) parts.push(renderFailure(failure));
  else parts.push([...growth.map(renderGrowth), `workers started again: ${restarts}`].join('\n'));
  parts.push(isHarmless(outcome) ? `no harm was done (seed ${seed})` : `harm was done (seed ${seed})`);
  return `${parts.join('\n\n')}\n`;
}

export function renderFailure({ surface, seed, path, reason, input, cases }: Failure): string {
  return `${surface.name}: ${reason}\n\nthe smallest input that was found, cases: ${cases}\n${input}\n\nto repeat it:\nnpm run fuzz -- --only ${surface.name} --seed ${seed} --path ${path}`;
}

function renderGrowth(growth: Growth): string {
  const { process, warm, last } = growth;
  const change = (from: number, to: number): string => `${megabytes(from)} → ${megabytes(to)}`.padEnd(18);
  const { keptBytes, residentBytes } = MAX_GROWTH;
  const limits = `${megabytes(keptBytes)} kept or ${megabytes(residentBytes)} resident`;
  return `${process.padEnd(10)}kept ${change(warm.keptBytes, last.keptBytes)}resident ${change(warm.residentBytes, last.residentBytes)}${hasGrown(growth) ? `GROWN by more than ${limits}` : ''}`.trimEnd();
}

function sumOf(tallies: readonly Tally[]): { readonly cases: number; readonly ms: number } {
  return {
    cases: tallies.reduce((sum, { cases }) => sum + cases, 0),
    ms: tallies.reduce((sum, { ms }) => sum + ms, 0),
  };
}

function perSecond(cases: number, ms: number): number {
  return ms === 0 ? 0 : Math.round((cases * 1000) / ms);
}

function count(value: number): string {
  return value.toLocaleString('en');
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MB`;
}
