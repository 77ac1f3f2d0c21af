import type { TargetName } from './options.ts';
import type { Sample } from './runner.ts';
import { SCENARIOS, type ScenarioName } from './scenarios/index.ts';

/** One metric of one target over all runs. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface MetricSummary {
  readonly scenario: ScenarioName;
  readonly key: string;
  readonly label: string;
  readonly unit: string;
  readonly targets: Partial<Readonly<Record<TargetName, Summary>>>;
  /** Median of the first target over the median of the bare program, when both were run. */
  readonly ratioToBare: number | null;
}

/** Metrics in the order of their scenarios; those that nobody measured are left out. */
export function summarise(samples: readonly Sample[]): MetricSummary[] {
  const scenarios = [...new Set(samples.map((sample) => sample.scenario))];
  return scenarios.flatMap((scenario) =>
    SCENARIOS[scenario].metrics.flatMap((metric): MetricSummary[] => {
      const own = samples.filter((sample) => sample.scenario === scenario);
      const targets = Object.fromEntries(
        [...new Set(own.map((sample) => sample.target))].flatMap((target) => {
          const summary = summaryOf(
            own.filter((sample) => sample.target === target).map((sample) => sample.values[metric.key]),
          );
          return summary === null ? [] : [[target, summary]];
        }),
      ) as Partial<Record<TargetName, Summary>>;
      if (Object.keys(targets).length === 0) return [];
      return [{ scenario, ...metric, targets, ratioToBare: ratioOf(targets) }];
    }),
  );
}

function summaryOf(values: readonly (number | undefined)[]): Summary | null {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  const [min] = sorted;
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) return null;
  const upper = sorted[Math.floor(sorted.length / 2)] ?? max;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? min;
  return { median: (lower + upper) / 2, min, max };
}

function ratioOf(targets: Partial<Record<TargetName, Summary>>): number | null {
  const own = targets.sluice ?? targets.url;
  const bare = targets.bare;
  return own === undefined || bare === undefined || bare.median === 0 ? null : own.median / bare.median;
}
