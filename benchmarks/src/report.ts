import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { boundOf, type BudgetVerdict } from './budgets.ts';
import { cell, labelled, readable, times } from './cells.ts';
import type { Machine } from './machine.ts';
import type { Options, TargetName } from './options.ts';
import type { Sample } from './runner.ts';
import { SCENARIOS, type ScenarioName } from './scenarios/index.ts';
import type { MetricSummary } from './summary.ts';

const RESULTS = join(import.meta.dirname, '../results');

export interface Report {
  /** ISO 8601, of the start. */
  readonly date: string;
  readonly command: string;
  readonly machine: Machine;
  /** Versions of the other server and of what it runs on; null where there was none. */
  readonly peer: string | null;
  readonly pinning: string;
  readonly options: Options;
  readonly summary: readonly MetricSummary[];
  /** Empty where they were not asked for. */
  readonly budgets: readonly BudgetVerdict[];
  readonly samples: readonly Sample[];
}

/** Writes the report where the caller wants it and into the collection; returns both paths. */
export function writeJson(report: Report, file: string): string[] {
  const name = `${report.date.replaceAll(':', '-').slice(0, 19)}.json`;
  const paths = [resolve(file), join(RESULTS, name)];
  for (const path of paths) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${JSON.stringify({ ...report, options: withoutSecret(report.options) }, null, 2)}\n`);
  }
  return paths;
}

export function renderTable(report: Report): string {
  const { machine, options } = report;
  const { cpu, cores, memoryGiB, kernel, node, commit } = machine;
  const sluice = options.targets.includes('sluice')
    ? [`Sluice with ${options.workers} worker(s), scheduling ${options.scheduling}`]
    : [];
  const lines = [
    [cpu, `${cores} cores`, `${memoryGiB} GiB`, kernel, `Node ${node}`, `commit ${commit}`].join(' · '),
    [report.date, report.pinning, ...sluice].join(' · '),
    ...(report.peer === null ? [] : [report.peer]),
    `median of ${options.repeat} run(s), lowest–highest in brackets`,
  ];
  for (const scenario of options.scenarios) {
    const section = sectionOf(report, scenario);
    if (section === null) continue;
    lines.push('', `${scenario}: ${section.load}`, ...aligned(section.table));
    lines.push(...section.notes.map((note) => `  ${note}`));
  }
  return `${lines.join('\n')}\n`;
}

export interface Section {
  /** In one line. */
  readonly load: string;
  readonly metrics: readonly MetricSummary[];
  /** The metrics with a head above them; empty where no target has a number. */
  readonly table: readonly (readonly string[])[];
  readonly notes: readonly string[];
}

/** What a report says of one scenario; null where no target ran it. */
export function sectionOf({ options, summary, samples }: Report, scenario: ScenarioName): Section | null {
  const own = samples.filter((sample) => sample.scenario === scenario);
  if (own.length === 0) return null;
  const metrics = summary.filter((metric) => metric.scenario === scenario);
  return {
    load: SCENARIOS[scenario].describe(options),
    metrics,
    table: tableOf(metrics, options.targets),
    notes: own.flatMap(({ target, run, notes }) => notes.map((note) => `${target}, run ${run}: ${note}`)),
  };
}

function tableOf(rows: readonly MetricSummary[], all: readonly TargetName[]): string[][] {
  if (rows.length === 0) return [];
  const targets = all.filter((target) => rows.some((row) => row.targets[target] !== undefined));
  const [own, ...others] = targets;
  return [
    ['', ...targets, ...others.map((other) => `${own}/${other}`)],
    ...rows.map((row) => [
      labelled(row),
      ...targets.map((target) => cell(row.targets[target])),
      ...others.map((other) => times(row.ratios[other])),
    ]),
  ];
}

/** Nothing where there are no budgets. */
export function renderVerdicts(verdicts: readonly BudgetVerdict[]): string {
  if (verdicts.length === 0) return '';
  const rows = verdicts.map(({ budget, value, isMet }) => [
    `${isMet ? 'met   ' : 'MISSED'}  ${budget.says}`,
    value === null ? 'not measured' : readable(value),
    boundOf(budget),
  ]);
  return `\nbudgets\n${aligned(rows).join('\n')}\n`;
}

/** The first column to the left, the others to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) => {
    const cells = row.map((text, column) =>
      column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0),
    );
    return `  ${cells.join('   ')}`.trimEnd();
  });
}

function withoutSecret(options: Options): Options {
  if (options.url === null) return options;
  return { ...options, url: { ...options.url, app: { ...options.url.app, secret: '(not written)' } } };
}
