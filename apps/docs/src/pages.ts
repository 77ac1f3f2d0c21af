import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configurationPage } from './configuration-page.ts';
import { errorsPage } from './errors-page.ts';
import { metricsPage } from './metrics-page.ts';

interface Page {
  /** From the root of the repository. */
  readonly file: string;
  readonly render: () => string;
}

export const PAGES: readonly Page[] = [
  { file: 'apps/docs/reference/configuration.md', render: configurationPage },
  { file: 'apps/docs/reference/errors.md', render: errorsPage },
  { file: 'apps/docs/reference/metrics.md', render: metricsPage },
];

/** Writes the pages that changed and returns their names. */
export function writePages(root: string): string[] {
  return PAGES.filter(({ file, render }) => {
    const path = join(root, file);
    const text = render();
    if (contentOf(path) === text) return false;
    writeFileSync(path, text);
    return true;
  }).map(({ file }) => file);
}

/** One line for each page that is not what the code says. */
export function stalePages(root: string): string[] {
  return PAGES.filter(({ file, render }) => contentOf(join(root, file)) !== render()).map(
    ({ file }) => `${file} is not what the code says; run: npm run docs`,
  );
}

function contentOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
