// npm run conformance -- --peer soketi: the conformance suite against Sluice and soketi, side by side.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Children } from '../children.ts';
import { reportFailure } from '../errors.ts';
import { describeMachine } from '../machine.ts';
import { requireBuilt } from '../servers/sluice.ts';
import { requireSoketi, SOKETI_VERSION } from '../servers/soketi-package.ts';
import { compare, renderComparison, type Comparison } from './comparison.ts';
import { sluiceContestant, soketiContestant } from './contestants.ts';
import { judge } from './judge.ts';
import { HELP, parseOptions } from './options.ts';

const RESULTS = join(import.meta.dirname, '../../results');

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  if (options === null) {
    process.stdout.write(HELP);
    return;
  }
  const { rows, write } = options;
  const date = new Date().toISOString();
  const children = new Children();
  children.killAtExit();
  requireBuilt();
  const soketi = requireSoketi(progress);
  const ofSluice = await judge({ rows, contestant: sluiceContestant(children), progress: told('Sluice') });
  const ofSoketi = await judge({ rows, contestant: soketiContestant(children, soketi), progress: told('soketi') });
  for (const [name, { ends }] of Object.entries({ Sluice: ofSluice, soketi: ofSoketi })) {
    if (ends > 0) progress(`${name} ended by itself ${ends} time(s), and was started again`);
  }
  const { commit, node } = describeMachine();
  const comparison: Comparison = {
    date,
    command: ['npm run conformance --', ...args].join(' '),
    versions: { sluice: `commit ${commit} · Node ${node}`, soketi: soketi.versions },
    provided: ofSluice.provided,
    ...compare({ sluice: ofSluice.results, soketi: ofSoketi.results }),
  };
  process.stdout.write(renderComparison(comparison));
  if (write) progress(`written: ${written(comparison).join(', ')}`);
}

function told(server: string): (text: string) => void {
  return (text) => progress(`${server}: ${text}`);
}

function written(comparison: Comparison): string[] {
  mkdirSync(RESULTS, { recursive: true });
  const name = join(RESULTS, `conformance-soketi-${SOKETI_VERSION}`);
  writeFileSync(`${name}.md`, renderComparison(comparison));
  writeFileSync(`${name}.json`, `${JSON.stringify(comparison, null, 2)}\n`);
  return [`${name}.md`, `${name}.json`];
}

// A row that failed may leave something behind that fails after it, and has been judged already.
process.on('unhandledRejection', () => {});
try {
  await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = reportFailure(error, 'conformance -- --peer soketi --help');
}
// A row that ran out of time may keep the process from ending by itself; the report has to be out first.
process.stdout.write('', () => process.exit());
