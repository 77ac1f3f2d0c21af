import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { TARGETS, type TargetName } from './options.ts';
import { SCENARIOS, type ScenarioName } from './scenarios/index.ts';
import type { MetricSummary, Summary } from './summary.ts';

const FILE = join(import.meta.dirname, '../budgets.json');

/** A bound for a metric, or for a metric over another. What is measured is named "target scenario metric". */
export interface Budget {
  readonly says: string;
  readonly of: string;
  readonly over?: string;
  /** Its lowest, which holds in every run, stands for `{at}` in the names of the others. */
  readonly at?: string;
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface BudgetVerdict {
  readonly budget: Budget;
  /** Null: not measured, which is no way to stay within a budget. */
  readonly value: number | null;
  readonly isMet: boolean;
}

export function readBudgets(): readonly Budget[] {
  const budgets = JSON.parse(readFileSync(FILE, 'utf8')) as readonly Budget[];
  for (const { of, over, at, atLeast, atMost } of budgets) {
    for (const name of [of, over, at]) if (name !== undefined) requireKnown(name);
    if ((atLeast === undefined) === (atMost === undefined)) {
      throw new TypeError(`${FILE}: "${of}" needs either atLeast or atMost`);
    }
  }
  return budgets;
}

/** The verdicts on those budgets whose scenarios were run. */
export function judgeBudgets(budgets: readonly Budget[], summary: readonly MetricSummary[]): BudgetVerdict[] {
  const wasRun = ({ of }: Budget): boolean => summary.some(({ scenario }) => scenario === nameOf(of).scenario);
  return budgets.filter(wasRun).map((budget) => {
    const value = valueOf(budget, summary);
    const { atLeast = -Infinity, atMost = Infinity } = budget;
    return { budget, value, isMet: value !== null && value >= atLeast && value <= atMost };
  });
}

export function boundOf({ atLeast, atMost }: Budget): string {
  return atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`;
}

function valueOf({ of, over, at }: Budget, summary: readonly MetricSummary[]): number | null {
  const place = at === undefined ? '' : String(find(at, summary)?.min);
  const medianOf = (name: string): number | null => find(name.replace('{at}', place), summary)?.median ?? null;
  const value = medianOf(of);
  const reference = over === undefined ? 1 : medianOf(over);
  return value === null || reference === null || reference === 0 ? null : value / reference;
}

function find(name: string, summary: readonly MetricSummary[]): Summary | undefined {
  const { target, scenario, key } = nameOf(name);
  return summary.find((each) => each.scenario === scenario && each.key === key)?.targets[target];
}

interface Name {
  readonly target: TargetName;
  readonly scenario: ScenarioName;
  readonly key: string;
}

function nameOf(text: string): Name {
  const [target, scenario, key = ''] = text.split(' ');
  return { target: target as TargetName, scenario: scenario as ScenarioName, key };
}

function requireKnown(text: string): void {
  const { target, scenario, key } = nameOf(text);
  const metrics = Object.hasOwn(SCENARIOS, scenario) ? SCENARIOS[scenario].metrics : [];
  const isMetric = metrics.some(
    (metric) => metric.key === key || (key.startsWith('{at}') && metric.key.endsWith(key.slice(4))),
  );
  if (!TARGETS.includes(target) || !isMetric) throw new TypeError(`${FILE}: nothing is called "${text}"`);
}
