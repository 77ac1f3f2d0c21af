import type { Crew } from '../load/crew.ts';
import type { Options, TargetName } from '../options.ts';
import type { Server } from '../servers/server.ts';
import type { SluiceOptions } from '../servers/sluice.ts';

export interface Metric {
  readonly key: string;
  readonly label: string;
  readonly unit: string;
  /** Shown in the chart of its scenario. */
  readonly isCharted?: boolean;
}

export interface Bench {
  readonly server: Server;
  /** Those that the load is shared out over, where it is not `server` alone. */
  readonly nodes?: readonly Server[];
  readonly crew: Crew;
  readonly options: Options;
  /** Another Sluice beside `server`; whoever starts it stops it. */
  startNode(env: Readonly<Record<string, string>>): Promise<Server>;
  /** One line for whoever waits. */
  progress(text: string): void;
}

export interface Measurement {
  /** By metric key; a metric that could not be measured is absent. */
  readonly values: Readonly<Record<string, number>>;
  /** What is worth saying about this run and is no number. */
  readonly notes: readonly string[];
}

/** One way to load a server. `run` throws a BenchmarkFailure when the server did something wrong. */
export interface Scenario {
  /** The load in one line, for the report. */
  describe(options: Options): string;
  readonly metrics: readonly Metric[];
  /** Targets that it says nothing of. */
  readonly without?: readonly TargetName[];
  /** How Sluice is started for it. */
  readonly sluice?: Partial<Pick<SluiceOptions, 'scheduling' | 'metrics' | 'workers' | 'env'>>;
  /** Several server processes work at once, and none of them may be kept to one core. */
  readonly isUnpinned?: true;
  subscribers(options: Options): number;
  run(bench: Bench): Promise<Measurement>;
}

/** Leaves out what could not be measured. */
export function measured(values: Readonly<Record<string, number | undefined>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}

export function per(total: number | undefined, count: number): number | undefined {
  return total === undefined || count === 0 ? undefined : total / count;
}

/** How much of one core was used, in percent; both times have to be of the same reading. */
export function percentOfCore(cpuMicros: number | undefined, elapsedMicros: number): number | undefined {
  return cpuMicros === undefined ? undefined : (100 * cpuMicros) / elapsedMicros;
}
