// What CI sees when something fails before the first test: a line like the one that the tests close with.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { PNPM_VERSION, ROOT } from '../bootstrap.mjs';

/** The scripts in a repository of their own, whose pnpm and turbo end as they are told. */
function repository(t, { pnpm, turbo }) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-scripts-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const name of ['.ci', 'scripts', 'package.json'])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  for (const name of ['packages', 'apps']) mkdirSync(join(folder, name));
  write(folder, '.tools/node_modules/pnpm/package.json', JSON.stringify({ version: PNPM_VERSION }));
  write(folder, '.tools/node_modules/.bin/pnpm', `#!/bin/sh\nexit ${pnpm}\n`);
  write(folder, 'node_modules/.bin/turbo', `#!/bin/sh\nexit ${turbo}\n`);
  return folder;
}

function write(folder, name, text) {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text, { mode: 0o755 });
}

const CASES = [
  { command: 'npm test --silent', step: 'install', tools: { pnpm: 7, turbo: 0 } },
  { command: 'npm test --silent', step: 'build', tools: { pnpm: 0, turbo: 7 } },
  { command: '.ci/run', step: 'install', tools: { pnpm: 7, turbo: 0 } },
];

for (const { command, step, tools } of CASES) {
  test(`${command} closes with "0 passed, 1 failed" when the ${step} fails`, (t) => {
    const [file, ...args] = command.split(' ');
    const { status, stdout, stderr } = spawnSync(file, args, { cwd: repository(t, tools), encoding: 'utf8' });
    assert.notEqual(status, 0);
    assert.equal(stdout, '0 passed, 1 failed\n');
    assert.match(stderr, new RegExp(`${step} .*failed`));
  });
}
