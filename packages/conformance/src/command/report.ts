import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { urlOf } from '../clients/endpoint-url.ts';
import { groupOf, GROUP_TITLES } from '../rows/index.ts';
import type { Target } from '../target.ts';
import { countsOf, type Outcome, type Verdict } from './verdict.ts';

export interface Report {
  /** ISO 8601, of the start. */
  readonly date: string;
  readonly target: Target;
  readonly only: readonly string[] | null;
  readonly verdicts: readonly Verdict[];
}

/** Failed rows with their transcripts, a table by group, and why rows were skipped. */
export function renderReport({ verdicts }: Report): string {
  const failures = verdicts.filter(({ outcome }) => outcome === 'failed').map(renderFailure);
  return [...failures, renderTable(verdicts), renderSkips(verdicts)].filter((part) => part !== '').join('\n\n') + '\n';
}

/** Writes the results; returns the path. */
export function writeJson({ date, target, only, verdicts }: Report, file: string): string {
  const path = resolve(file);
  const content = {
    date,
    versions: versions(),
    // Named one by one: the secret of the app stays out of files.
    target: { url: urlOf('ws', target.endpoint, ''), appId: target.app.id, appKey: target.app.key },
    only,
    ...countsOf(verdicts),
    groups: Object.fromEntries([...byGroup(verdicts)].map(([group, some]) => [group, countsOf(some)])),
    rows: verdicts,
  };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`);
  return path;
}

/** Of the suite, and of the libraries of Pusher that some rows use. */
function versions(): Readonly<Record<string, string>> {
  const require = createRequire(import.meta.url);
  const versionOf = (name: string): string => (require(`${name}/package.json`) as { readonly version: string }).version;
  const libraries = ['pusher', 'pusher-js', 'ws'].map((name) => [name, versionOf(name)] as const);
  return { conformance: versionOf('../..'), node: process.versions.node, ...Object.fromEntries(libraries) };
}

function renderFailure({ id, statement, reason, transcript }: Verdict): string {
  return `FAILED ${id}: ${statement ?? ''}\n${indent(reason ?? '')}\n\n${indent(transcript ?? '')}`;
}

function renderTable(verdicts: readonly Verdict[]): string {
  const line = (name: string, { passed, failed, skipped }: Record<Outcome, number | string>): string =>
    name.padEnd(34) + [passed, failed, skipped].map((value) => String(value).padStart(9)).join('');
  return [
    line('', { passed: 'passed', failed: 'failed', skipped: 'skipped' }),
    ...[...byGroup(verdicts)].map(([group, some]) => line(`${group}  ${GROUP_TITLES[group] ?? ''}`, countsOf(some))),
    line('all', countsOf(verdicts)),
  ].join('\n');
}

function renderSkips(verdicts: readonly Verdict[]): string {
  const skipped = verdicts.filter(({ outcome }) => outcome === 'skipped');
  if (skipped.length === 0) return '';
  const reasons = [...Map.groupBy(skipped, ({ reason }) => reason ?? '')].sort(([a], [b]) => a.localeCompare(b));
  const lines = reasons.map(([reason, some]) => `  ${reason}: ${some.map(({ id }) => id).join(', ')}`);
  return ['Skipped', ...lines].join('\n');
}

function byGroup(verdicts: readonly Verdict[]): Map<string, Verdict[]> {
  return Map.groupBy(verdicts, ({ id }) => groupOf(id));
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
}
