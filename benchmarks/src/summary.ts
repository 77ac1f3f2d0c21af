import type { TargetName } from './options.ts';
import type { Sample } from './runner.ts';
import { SCENARIOS, type ScenarioName } from './scenarios/index.ts';
import type { Metric } from './scenarios/scenario.ts';

/** One metric of one target over all runs. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

type ByTarget<Value> = Partial<Readonly<Record<TargetName, Value>>>;

export interface MetricSummary extends Required<Metric> {
  readonly scenario: ScenarioName;
  readonly targets: ByTarget<Summary>;
  /** Median of Sluice, or of the server at the URL, over the median of each other target. */
  readonly ratios: ByTarget<number>;
}

/** Metrics in the order of their scenarios; those that nobody measured are left out. */
export function summarise(samples: readonly Sample[]): MetricSummary[] {
  const scenarios = [...new Set(samples.map((sample) => sample.scenario))];
  return scenarios.flatMap((scenario) =>
    SCENARIOS[scenario].metrics.flatMap((metric: Metric): MetricSummary[] => {
      const own = samples.filter((sample) => sample.scenario === scenario);
      const targets = Object.fromEntries(
        [...new Set(own.map((sample) => sample.target))].flatMap((target) => {
          const summary = summaryOf(
            own.filter((sample) => sample.target === target).map((sample) => sample.values[metric.key]),
          );
          return summary === null ? [] : [[target, summary]];
        }),
      ) as ByTarget<Summary>;
      if (Object.keys(targets).length === 0) return [];
      return [{ isCharted: false, ...metric, scenario, targets, ratios: ratiosOf(targets) }];
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

function ratiosOf({ sluice, url, ...others }: ByTarget<Summary>): ByTarget<number> {
  const own = sluice ?? url;
  if (own === undefined) return {};
  const comparable = Object.entries(others).filter(([, other]) => other.median !== 0);
  return Object.fromEntries(comparable.map(([target, other]) => [target, own.median / other.median]));
}
