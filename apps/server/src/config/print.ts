import type { EffectiveConfig } from './effective.ts';
import { type ConfigProblem, quote } from './problem.ts';
import { APPS_PATH } from './schema.ts';

/** The effective configuration as YAML, with a comment where a value is not the default. Secrets are masked. */
export function renderConfig(config: EffectiveConfig): string {
  const lines: string[] = [];
  let open: readonly string[] = [];
  for (const { path, value, source } of config.values) {
    const parents = path.split('.');
    const key = parents.pop() ?? '';
    openSections(lines, open, parents);
    open = parents;
    const start = `${indent(parents.length)}${key}:`;
    if (path === APPS_PATH) lines.push(start, ...config.apps.flatMap((app) => renderApp(app, parents.length + 1)));
    else lines.push(`${start} ${JSON.stringify(value)}${from(source)}`);
  }
  return `${lines.join('\n')}\n`;
}

function openSections(lines: string[], open: readonly string[], wanted: readonly string[]): void {
  let same = 0;
  while (same < wanted.length && open[same] === wanted[same]) same++;
  for (let depth = same; depth < wanted.length; depth++) lines.push(`${indent(depth)}${wanted[depth] ?? ''}:`);
}

function renderApp(app: EffectiveConfig['apps'][number], depth: number): string[] {
  const entries = Object.entries(app.fields);
  return entries.map(([name, value], index) => {
    const start = index === 0 ? `${indent(depth)}- ` : indent(depth + 1);
    return `${start}${name}: ${JSON.stringify(value)}${index === 0 ? from(app.source) : ''}`;
  });
}

function indent(depth: number): string {
  return '  '.repeat(depth);
}

function from(source: string | undefined): string {
  return source === undefined ? '' : `  # ${printable(source)}`;
}

/** One problem per line, the key first. */
export function renderProblems(problems: readonly ConfigProblem[]): string {
  const lines = problems.map((problem) => `  ${renderProblem(problem)}`);
  const title = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return `${title} in the configuration:\n${lines.join('\n')}\n`;
}

export function renderProblem({ path, source, found, expected }: ConfigProblem): string {
  const where = path === '' ? printable(source) : `${path} (${printable(source)})`;
  return `${where}: expected ${expected}; found ${found}`;
}

/** File names are shown as they are unless they hold something that a terminal would act on. */
function printable(source: string): string {
  const quoted = quote(source);
  return quoted === `"${source}"` || source.length > 60 ? source.replace(/\p{C}/gu, '?') : quoted;
}
