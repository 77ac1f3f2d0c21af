import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type LoadInput, type LoadResult, loadSettings } from '../../src/config/load.ts';
import type { ConfigProblem } from '../../src/config/problem.ts';

export type Loaded = Extract<LoadResult, { readonly ok: true }>;

export function load(input: Partial<LoadInput>): Loaded {
  const result = loadSettings({ argv: [], env: {}, configFile: undefined, ...input });
  assert.ok(result.ok, JSON.stringify(result, null, 2));
  return result;
}

export function problemsOf(input: Partial<LoadInput>): readonly ConfigProblem[] {
  const result = loadSettings({ argv: [], env: {}, configFile: undefined, ...input });
  assert.ok(!result.ok, 'expected problems');
  return result.problems;
}

/** The only problem of an input. */
export function problemOf(input: Partial<LoadInput>): ConfigProblem {
  const [problem, ...others] = problemsOf(input);
  assert.deepEqual(others, []);
  assert.ok(problem);
  return problem;
}

/** A file in a folder that goes with the test. */
export function fileWith(t: TestContext, name: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-config-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

export function jsonFile(t: TestContext, tree: unknown): string {
  return fileWith(t, 'sluice.json', JSON.stringify(tree));
}

export function appsFile(t: TestContext, ...apps: readonly unknown[]): string {
  return jsonFile(t, { app_manager: { array: { apps } } });
}
