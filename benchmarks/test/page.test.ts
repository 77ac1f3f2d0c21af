import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import { judgeBudgets } from '../src/budgets.ts';
import { describeMachine } from '../src/machine.ts';
import { parseOptions } from '../src/options.ts';
import { writePage } from '../src/page.ts';
import type { Report } from '../src/report.ts';
import type { Sample } from '../src/runner.ts';
import { summarise } from '../src/summary.ts';

test('a page holds medians, spread, ratios, budgets and notes, and links a chart of each scenario', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-page-'));
  t.after(() => rm(folder, { recursive: true }));
  const values: readonly (readonly [Sample['target'], number])[] = [
    ['sluice', 300],
    ['sluice', 400],
    ['sluice', 500],
    ['soketi', 100],
    ['bare', 200],
  ];
  const samples = values.map(([target, deliveries]): Sample => ({
    scenario: 'fanout',
    target,
    run: 1,
    values: { deliveries },
    notes: target === 'soketi' ? ['a note'] : [],
  }));
  const options = parseOptions(['fanout', '--check']);
  assert.ok(options);
  const summary = summarise(samples);
  const budget = { says: 'it is fast', of: 'sluice fanout deliveries', over: 'soketi fanout deliveries', atLeast: 5 };
  const report: Report = {
    date: '2026-01-02T03:04:05.678Z',
    command: 'npm run bench -- fanout --check',
    machine: describeMachine(),
    peer: 'soketi 0.0.0',
    pinning: 'not pinned',
    options,
    summary,
    budgets: judgeBudgets([budget], summary),
    samples,
  };
  const page = join(folder, 'new', 'numbers.md');
  const [written, chart] = writePage(report, page);
  assert.equal(written, page);
  const text = await readFile(page, 'utf8');
  assert.match(text, /^\| deliveries, \/s \| 400 \(300–500\) \| 100 \| 200 \| 4\.00× \| 2\.00× \|$/m);
  assert.match(text, /^\| it is fast \| ≥ 5 \| \*\*4\.00\*\* \|$/m);
  assert.match(text, /^- soketi, run 1: a note$/m);
  const [readme] = text.match(/(?<=\]\()[^)]*README\.md/) ?? [];
  assert.ok(existsSync(join(dirname(page), readme ?? '')), readme);
  const link = /!\[.*\]\((.+)\)/.exec(text)?.[1] ?? '';
  assert.equal(join(dirname(page), link), chart);
  assert.ok(existsSync(chart ?? ''));
  const svg = await readFile(chart ?? '', 'utf8');
  assert.deepEqual(
    [...svg.matchAll(/<rect[^>]* width="([\d.]+)"/g)].map(([, width]) => width),
    ['336', '84', '168'],
  );
  assert.match(svg, />400 \(300–500\)</);
});
