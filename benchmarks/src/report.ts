import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import type { Machine } from './machine.ts';
import type { Options, TargetName } from './options.ts';
import type { Sample } from './runner.ts';
import { SCENARIOS } from './scenarios/index.ts';
import type { MetricSummary, Summary } from './summary.ts';

const RESULTS = join(import.meta.dirname, '../results');

export interface Report {
  /** ISO 8601, of the start. */
  readonly date: string;
  readonly command: string;
  readonly machine: Machine;
  readonly pinning: string;
  readonly options: Options;
  readonly summary: readonly MetricSummary[];
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
    `median of ${options.repeat} run(s), lowest–highest in brackets`,
  ];
  for (const scenario of options.scenarios) {
    const rows = report.summary.filter((metric) => metric.scenario === scenario);
    lines.push('', `${scenario}: ${SCENARIOS[scenario].describe(options)}`, ...aligned(tableOf(rows, options.targets)));
    for (const { target, run, notes } of report.samples.filter((sample) => sample.scenario === scenario)) {
      lines.push(...notes.map((note) => `  ${target}, run ${run}: ${note}`));
    }
  }
  return `${lines.join('\n')}\n`;
}

function tableOf(rows: readonly MetricSummary[], targets: readonly TargetName[]): string[][] {
  const compares = targets.length > 1;
  return [
    ['', ...targets, ...(compares ? [`${targets[0]}/bare`] : [])],
    ...rows.map((row) => [
      row.unit === '' ? row.label : `${row.label}, ${row.unit}`,
      ...targets.map((target) => cell(row.targets[target])),
      ...(compares ? [row.ratioToBare === null ? '–' : `${row.ratioToBare.toFixed(2)}×`] : []),
    ]),
  ];
}

function cell(summary: Summary | undefined): string {
  if (summary === undefined) return '–';
  const { median, min, max } = summary;
  return min === max ? readable(median) : `${readable(median)} (${readable(min)}–${readable(max)})`;
}

function readable(value: number): string {
  if (value === 0) return '0';
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
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
