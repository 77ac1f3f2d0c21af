import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';

import { cell, labelled, readable, times } from './cells.ts';
import { renderChart } from './chart.ts';
import { boundOf, type BudgetVerdict } from './budgets.ts';
import type { TargetName } from './options.ts';
import type { Report } from './report.ts';
import { SCENARIOS, type ScenarioName } from './scenarios/index.ts';
import type { MetricSummary } from './summary.ts';

/** Writes a page and its charts, which go into a folder of the page's name beside it; returns all paths. */
export function writePage(report: Report, file: string): string[] {
  const page = resolve(file);
  const folder = join(dirname(page), basename(page, extname(page)));
  mkdirSync(folder, { recursive: true });
  const charts = report.options.scenarios.flatMap((scenario) => {
    const metrics = rowsOf(report, scenario).filter(({ isCharted }) => isCharted);
    if (metrics.length === 0) return [];
    const path = join(folder, `${scenario}.svg`);
    writeFileSync(path, renderChart(metrics, report.options.targets));
    return [path];
  });
  writeFileSync(page, renderPage(report, basename(folder)));
  return [page, ...charts];
}

function renderPage(report: Report, charts: string): string {
  const { machine, options, budgets } = report;
  const { cpu, cores, memoryGiB, kernel, node, commit } = machine;
  const parts = [
    '<!-- Made by the benchmarks (`--report`); do not edit. -->',
    '<!-- prettier-ignore-start -->',
    '# Benchmarks',
    [
      `${report.date.slice(0, 10)}, \`npm run ${report.command}\``,
      [cpu, `${cores} cores`, `${memoryGiB} GiB`, kernel].join(', '),
      `Sluice: commit ${commit}, Node ${node}`,
      ...(report.peer === null ? [] : [report.peer]),
      report.pinning,
    ]
      .map((line) => `- ${line}`)
      .join('\n'),
    `A cell is the median of ${options.repeat} runs, with the lowest and highest in brackets. An absolute number belongs to one machine
and one day; the ratios are the result. What each number is attributed to is said in
[the README of the benchmarks](../../benchmarks/README.md).`,
    ...(budgets.length === 0 ? [] : ['## Budgets', table(['Budget', 'bound', 'measured'], budgets.map(budgetRow))]),
    ...options.scenarios.flatMap((scenario) => section(report, scenario, charts)),
    '<!-- prettier-ignore-end -->',
  ];
  return `${parts.join('\n\n')}\n`;
}

function section(report: Report, scenario: ScenarioName, charts: string): string[] {
  const rows = rowsOf(report, scenario);
  if (rows.length === 0) return [];
  const targets = report.options.targets.filter((target) => rows.some((row) => row.targets[target] !== undefined));
  const chart = rows.some(({ isCharted }) => isCharted) ? [`![Bars of the medians](${charts}/${scenario}.svg)`] : [];
  return [`## ${scenario}`, `${SCENARIOS[scenario].describe(report.options)}.`, ...chart, metricTable(rows, targets)];
}

function metricTable(rows: readonly MetricSummary[], targets: readonly TargetName[]): string {
  const [own, ...others] = targets;
  return table(
    ['', ...targets, ...others.map((other) => `${own}/${other}`)],
    rows.map((row) => [
      labelled(row),
      ...targets.map((target) => cell(row.targets[target])),
      ...others.map((other) => times(row.ratios[other])),
    ]),
  );
}

function budgetRow({ budget, value, isMet }: BudgetVerdict): string[] {
  const measured = value === null ? 'not measured' : readable(value);
  return [budget.says, boundOf(budget), isMet ? measured : `**${measured}**`];
}

function rowsOf(report: Report, scenario: ScenarioName): MetricSummary[] {
  return report.summary.filter((metric) => metric.scenario === scenario);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), `|---|${'--:|'.repeat(head.length - 1)}`, ...rows.map(line)].join('\n');
}
