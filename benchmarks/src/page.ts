import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';

import { readable } from './cells.ts';
import { renderChart } from './chart.ts';
import { boundOf, type BudgetVerdict } from './budgets.ts';
import { sectionOf, type Report, type Section } from './report.ts';
import type { ScenarioName } from './scenarios/index.ts';

const README = join(import.meta.dirname, '../README.md');

/** Writes a page and its charts, which go into a folder of the page's name beside it; returns all paths. */
export function writePage(report: Report, file: string): string[] {
  const page = resolve(file);
  const folder = join(dirname(page), basename(page, extname(page)));
  mkdirSync(folder, { recursive: true });
  const sections: string[] = [];
  const charts: string[] = [];
  for (const scenario of report.options.scenarios) {
    const section = sectionOf(report, scenario);
    if (section === null) continue;
    const charted = section.metrics.filter(({ isCharted }) => isCharted);
    const chart = join(folder, `${scenario}.svg`);
    if (charted.length > 0) {
      writeFileSync(chart, renderChart(charted, report.options.targets));
      charts.push(chart);
    }
    sections.push(renderSection(scenario, section, charted.length > 0 ? relative(dirname(page), chart) : null));
  }
  writeFileSync(page, renderPage(report, { sections, readme: relative(dirname(page), README) }));
  return [page, ...charts];
}

function renderPage(
  report: Report,
  { sections, readme }: { readonly sections: readonly string[]; readonly readme: string },
): string {
  const { machine, options, budgets } = report;
  const { cpu, cores, memoryGiB, kernel, node, commit } = machine;
  const parts = [
    '<!-- Made by the benchmarks (`--report`); do not edit. -->',
    '<!-- prettier-ignore-start -->',
    '# Benchmarks',
    [
      `${report.date.slice(0, 10)}, \`${report.command}\``,
      [cpu, `${cores} cores`, `${memoryGiB} GiB`, kernel].join(', '),
      `Sluice: commit ${commit}, Node ${node}`,
      ...(report.peer === null ? [] : [report.peer]),
      report.pinning,
    ]
      .map((line) => `- ${line}`)
      .join('\n'),
    `A cell is the median of ${options.repeat} runs, with the lowest and highest in brackets. An absolute number belongs to one machine
and one day; the ratios are the result. What each number is attributed to is said in
[the README of the benchmarks](${readme}).`,
    ...(budgets.length === 0
      ? []
      : ['## Budgets', markdownTable([['Budget', 'bound', 'measured (bold: missed)'], ...budgets.map(budgetRow)])]),
    ...sections,
    '<!-- prettier-ignore-end -->',
  ];
  return `${parts.join('\n\n')}\n`;
}

function renderSection(scenario: ScenarioName, { load, table, notes }: Section, chart: string | null): string {
  return [
    `## ${scenario}`,
    `${load}.`,
    ...(chart === null ? [] : [`![Bars of the medians](${chart})`]),
    ...(table.length === 0 ? [] : [markdownTable(table)]),
    ...(notes.length === 0 ? [] : [notes.map((note) => `- ${note}`).join('\n')]),
  ].join('\n\n');
}

function budgetRow({ budget, value, isMet }: BudgetVerdict): string[] {
  const measured = value === null ? 'not measured' : readable(value);
  return [budget.says, boundOf(budget), isMet ? measured : `**${measured}**`];
}

function markdownTable([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), `|---|${'--:|'.repeat(head.length - 1)}`, ...rows.map(line)].join('\n');
}
