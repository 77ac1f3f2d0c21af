// Runs the test files with node:test and closes with the line that CI reads.
import { globSync } from 'node:fs';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { ROOT } from './bootstrap.mjs';

const PATTERNS = [
  'packages/*/test/**/*.test.ts',
  'apps/*/test/**/*.test.ts',
  'benchmarks/test/*.test.ts',
  'scripts/test/*.test.mjs',
];
/** Tests start servers with several processes each; more at once would only make them wait for each other. */
const CONCURRENCY = 2;

const parts = process.argv.slice(2);
const files = globSync(PATTERNS, { cwd: ROOT })
  .sort()
  .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)));
if (files.length === 0) {
  process.stderr.write(`No test file has ${parts.join(' or ')} in its path.\n`);
  process.exit(1);
}

const count = { passed: 0, failed: 0, skipped: 0 };
const stream = run({ files, cwd: ROOT, concurrency: CONCURRENCY, execArgv: ['--conditions=@sluice/source'] });
stream.on('test:pass', (event) => {
  if (event.details.type === 'suite') return;
  if (event.skip !== undefined || event.todo !== undefined) count.skipped++;
  else count.passed++;
});
stream.on('test:fail', (event) => {
  if (event.details.type !== 'suite') count.failed++;
});
stream.compose(spec).pipe(process.stdout, { end: false });
stream.on('end', () => {
  // After the reporter has written its summary.
  setImmediate(() => {
    if (count.skipped > 0) process.stdout.write(`\n${count.skipped} skipped, each with its reason above`);
    process.stdout.write(`\n${count.passed} passed, ${count.failed} failed\n`);
    process.exitCode = count.failed > 0 || count.passed === 0 ? 1 : 0;
  });
});
