// The fences between packages hold: each import that the design forbids is an error of the linter.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { ROOT } from '../bootstrap.mjs';

const folder = mkdtempSync(join(tmpdir(), 'sluice-fences-'));
after(() => rmSync(folder, { recursive: true }));

/** What the linter says about one line in a package. */
function lint(packageName, line) {
  const file = join(folder, 'packages', packageName, 'src', 'example.ts');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${line}\n`);
  const oxlint = join(ROOT, 'node_modules', '.bin', 'oxlint');
  const { stdout } = spawnSync(oxlint, ['--config', join(ROOT, 'config', 'oxlint.json'), file, '-f', 'unix'], {
    encoding: 'utf8',
  });
  return stdout;
}

const FORBIDDEN = [
  ['protocol', "export * from '@sluice/core';"],
  ['protocol', "export { readFile } from 'node:fs';"],
  ['protocol', "export { WebSocket } from 'ws';"],
  ['core', "export * from '@sluice/ws-engine';"],
  ['core', "export * from '@sluice/telemetry';"],
  ['core', "export { WebSocket } from 'ws';"],
  ['ws-engine', "export * from '@sluice/http-api';"],
  ['http-api', "export * from '@sluice/cluster';"],
  ['webhooks', "export * from '@sluice/http-api';"],
  ['webhooks', "export { Redis } from 'ioredis';"],
  ['cluster', "export * from '@sluice/drivers';"],
  ['drivers', "export * from '@sluice/server';"],
  ['telemetry', "export * from '@sluice/http-api';"],
  ['conformance', "export * from '@sluice/protocol';"],
  ...['protocol', 'core', 'ws-engine', 'http-api', 'webhooks', 'cluster', 'drivers'].map((packageName) => {
    return [packageName, 'export const home = process.env;'];
  }),
];

for (const [packageName, line] of FORBIDDEN) {
  test(`packages/${packageName} may not contain: ${line}`, () => {
    assert.match(lint(packageName, line), /no-restricted-(imports|globals)/);
  });
}

const ALLOWED = [
  ['core', "export * from '@sluice/protocol';"],
  ['ws-engine', "export { WebSocket } from 'ws';"],
  ['http-api', "export * from '@sluice/core';"],
  ['webhooks', "export * from '@sluice/core';"],
  ['telemetry', 'export const memory = process.memoryUsage();'],
  ['protocol', "export { createHmac } from 'node:crypto';"],
];

for (const [packageName, line] of ALLOWED) {
  test(`packages/${packageName} may contain: ${line}`, () => {
    assert.doesNotMatch(lint(packageName, line), /no-restricted/);
  });
}
