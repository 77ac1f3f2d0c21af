import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type LoadInput, type LoadResult, loadSettings } from '../../src/config/load.ts';
import type { ConfigProblem } from '../../src/config/problem.ts';
import { fileWith } from '../file-with.ts';

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

export function jsonFile(t: TestContext, tree: unknown): string {
  return fileWith(t, 'sluice.json', JSON.stringify(tree));
}

export function appsFile(t: TestContext, ...apps: readonly unknown[]): string {
  return jsonFile(t, { app_manager: { array: { apps } } });
}

/** Every variable of the limits of addresses. */
export const ADDRESS_LIMIT_VARIABLES = {
  RATE_LIMITER_ENABLED: 'yes',
  RATE_LIMITER_DRIVER: 'memory',
  RATE_LIMITER_API_MAX_REQUESTS: '1',
  RATE_LIMITER_API_WINDOW_SECONDS: '2',
  RATE_LIMITER_API_IDENTIFIER: 'a',
  RATE_LIMITER_API_TRUST_HOPS: '3',
  RATE_LIMITER_WS_MAX_REQUESTS: '4',
  RATE_LIMITER_WS_WINDOW_SECONDS: '5',
  RATE_LIMITER_WS_IDENTIFIER: 'w',
  RATE_LIMITER_WS_TRUST_HOPS: 'none',
};
