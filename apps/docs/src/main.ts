import { fileURLToPath } from 'node:url';
import { brokenLinks } from './links.ts';
import { stalePages, writePages } from './pages.ts';

const HELP = `Usage: npm run docs [-- --check]

Writes the reference pages of apps/docs/reference from the code.
  --check   Write nothing. Fail if a page is not what the code says, or if a relative link in any
            Markdown file of the repository leads nowhere.
  --help    This text.
`;

const root = fileURLToPath(new URL('../../..', import.meta.url));

function run(args: readonly string[]): void {
  const [unknown] = args.filter((arg) => arg !== '--check' && arg !== '--help');
  if (unknown !== undefined) {
    process.stderr.write(`unknown option '${unknown}'\n\n${HELP}`);
    process.exitCode = 1;
  } else if (args.includes('--help')) {
    process.stdout.write(HELP);
  } else if (args.includes('--check')) {
    const problems = [...stalePages(root), ...brokenLinks(root)];
    if (problems.length === 0) return;
    process.stderr.write(`${problems.join('\n')}\n`);
    process.exitCode = 1;
  } else {
    for (const file of writePages(root)) process.stdout.write(`wrote ${file}\n`);
  }
}

run(process.argv.slice(2));
