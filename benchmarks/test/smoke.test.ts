// The whole program, over real sockets.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { HELP } from '../src/help.ts';
import { SCENARIOS } from '../src/scenarios/index.ts';
import type { Scenario } from '../src/scenarios/scenario.ts';
import { SOKETI_FOLDER } from '../src/servers/soketi-package.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function bench(args: readonly string[]): Promise<Outcome> {
  const all = ['--conditions=@sluice/source', '--disable-warning=ExperimentalWarning', MAIN, ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, all, { timeout: 240_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
    });
  });
}

/** The lines about one scenario. */
function sectionOf(stdout: string, name: string): string[] {
  const section = stdout.split('\n\n').find((text) => text.startsWith(`${name}: `));
  return section?.split('\n') ?? [];
}

for (const target of ['bare', 'sluice', 'soketi'] as const) {
  const isThere = target !== 'soketi' || existsSync(join(SOKETI_FOLDER, 'node_modules'));
  const skip = isThere ? false : 'soketi is not installed: npm run bench -- --peer soketi --quick';
  test(`all scenarios start, load and stop ${target}, and give a number for every metric`, { skip }, async () => {
    const { code, stdout, stderr } = await bench([
      ...Object.keys(SCENARIOS),
      '--quick',
      '--target',
      target,
      '--duration',
      '0.3',
    ]);
    assert.equal(code, 0, stderr);
    const scenarios: Record<string, Scenario> = SCENARIOS;
    for (const [name, { metrics, without = [] }] of Object.entries(scenarios)) {
      const [, ...rows] = sectionOf(stdout, name);
      // A busy machine does not keep every rate.
      const notSustained = rows.some((row) => row.includes('not sustained'));
      for (const { key, label, unit } of without.includes(target) ? [] : metrics) {
        const row = rows.find((line) => line.trim().startsWith(unit === '' ? `${label} ` : `${label}, ${unit} `));
        if (row === undefined && (notSustained || (key === 'loopDelay' && target === 'soketi'))) continue;
        assert.match(row ?? '', /\d$/, `${name}: ${label}`);
      }
    }
  });
}

test('a server that refuses every upgrade has no number: the run fails with the reason', async (t) => {
  const server = createServer((_request, response) => response.end())
    // The load ends its connections with a reset.
    .on('upgrade', (_request, socket) => socket.on('error', () => undefined).end('HTTP/1.1 403 Forbidden\r\n\r\n'))
    .listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const args = ['connect', '--quick', '--target', 'sluice', '--connections', '20'];
  const { code, stdout, stderr } = await bench([...args, '--url', `http://127.0.0.1:${port}`]);
  assert.equal(code, 1);
  assert.match(stderr, /FAILED: .*: 0 of 20 clients subscribed: 20 × upgrade: HTTP\/1\.1 403 Forbidden/);
  assert.equal(stdout, '');
});

test('the JSON report holds every sample, and neither it nor the page the secret', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'result.json');
  const page = join(folder, 'page.md');
  const files = ['--json', file, '--report', page, '--app-secret', 'do-not-tell'];
  const args = ['publish', '--quick', '--target', 'bare', '--repeat', '2', '--duration', '0.2', ...files];
  const { code, stderr } = await bench(args);
  assert.equal(code, 0, stderr);
  const copy = /written: .*, (.+\.json)$/m.exec(stderr)?.[1] ?? '';
  t.after(() => rm(copy));
  const text = await readFile(file, 'utf8');
  assert.equal(await readFile(copy, 'utf8'), text);
  assert.doesNotMatch(text + (await readFile(page, 'utf8')), /do-not-tell/);
  const report = JSON.parse(text) as { samples: unknown[]; machine: { node: string } };
  assert.equal(report.samples.length, 2);
  assert.equal(report.machine.node, process.versions.node);
});

test('nobody at the URL: the run fails and says so', async () => {
  const { code, stderr } = await bench(['publish', '--quick', '--target', 'sluice', '--url', 'http://127.0.0.1:1']);
  assert.equal(code, 1);
  assert.match(stderr, /FAILED: .*127\.0\.0\.1:1/);
});

test('a wrong command line ends with 2 before anything is started', async () => {
  for (const args of [
    ['fanuot'],
    ['--repeat', '0'],
    ['--repeat', '1.5'],
    ['--idle', 'many'],
    ['--peer', 'nobody'],
    ['--peer', 'soketi', '--target', 'bare'],
    ['--check', '--target', 'bare'],
    ['--check', '--url', 'http://127.0.0.1:1'],
    ['--nonsense'],
    ['--url', 'ftp://x'],
  ]) {
    const { code, stderr } = await bench(args);
    assert.equal(code, 2, args.join(' '));
    assert.doesNotMatch(stderr, /: starting$/m);
  }
});

test('the help names every scenario', async () => {
  const { code, stdout } = await bench(['--help']);
  assert.equal(code, 0);
  assert.equal(stdout, HELP);
  for (const name of Object.keys(SCENARIOS)) assert.match(stdout, new RegExp(`^  ${name} `, 'm'));
});
