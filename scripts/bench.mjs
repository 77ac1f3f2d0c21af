// pnpm bench: the benchmarks, run from source with the Node that the workspace installs.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const installed = at('node_modules/.bin/node');

if (!existsSync(at('benchmarks/node_modules/@sluice/protocol'))) {
  console.error('The workspace is not installed: run `pnpm install` first.');
  process.exit(2);
}
// Platforms without the packaged Node use the caller's, if that one can run TypeScript.
const node = existsSync(installed) ? installed : process.execPath;
if (node === process.execPath && process.features.typescript === undefined) {
  console.error(`Node ${process.versions.node} cannot run TypeScript: use Node 24, or run \`pnpm install\` again.`);
  process.exit(2);
}

const child = spawn(
  node,
  [
    '--conditions=@sluice/source',
    '--disable-warning=ExperimentalWarning',
    at('benchmarks/src/main.ts'),
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit' },
);
// A terminal sends Ctrl-C to both; this one waits until the child has killed what it started.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code, signal) => process.exit(signal === null ? code : 1));
