// npm run check: everything that a machine can say about the code without running it. The same here and in CI.
import { install, productNode, run, say } from './bootstrap.mjs';

/** What to run is a name on the path, or a function that finds it once everything is installed. */
const STEPS = [
  ['format', 'oxfmt', ['--config', 'config/oxfmt.json', '--check', '.']],
  [
    'lint, with types and the fences between packages',
    'oxlint',
    ['--config', 'config/oxlint.json', '--type-aware', '--deny-warnings', '.'],
  ],
  ['types', 'turbo', ['run', 'typecheck', '--output-logs=errors-only']],
  ['dead code and unused dependencies', 'knip', ['--config', 'config/knip.json', '--no-config-hints']],
  ['build', 'turbo', ['run', 'build', '--output-logs=errors-only']],
  ['reference pages', productNode, ['--conditions=@sluice/source', 'apps/docs/src/main.ts', '--check']],
];

if (process.argv.includes('--help')) {
  process.stdout.write(`Usage: npm run check\n\nIn order: ${STEPS.map(([name]) => name).join('; ')}.\n`);
  process.exit(0);
}
install();
for (const [name, command, args] of STEPS) {
  say(name);
  run(typeof command === 'function' ? command() : command, args);
}
say('all checks passed');
