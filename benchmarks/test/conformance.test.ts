import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Row, RowResult } from '@sluice/conformance';

import { Children } from '../src/children.ts';
import { compare, renderComparison } from '../src/conformance/comparison.ts';
import { sluiceContestant } from '../src/conformance/contestants.ts';
import { judge } from '../src/conformance/judge.ts';
import { parseOptions } from '../src/conformance/options.ts';
import { UsageError } from '../src/errors.ts';
import type { StartedServer } from '../src/servers/server.ts';

test('a row that ends the server fails alone: the server comes back, and the rows beside it are judged again', async () => {
  const children = new Children();
  const servers: StartedServer[] = [];
  const start = sluiceContestant(children);
  const fatal: Row = {
    id: 'HS-01',
    statement: 'Ends the server that takes the connections.',
    async run(context) {
      await context.connect();
      const { port } = context.target.endpoint;
      const server = servers.findLast(({ endpoint }) => endpoint.port === port);
      assert.ok(server);
      children.kill(server.pid);
      await server.exited;
      assert.fail('ended');
    },
  };
  const beside = Array.from({ length: 4 }, (_, i): Row => ({
    id: `HS-1${i}`,
    statement: 'A connection works for a second.',
    async run(context) {
      const socket = await context.connect();
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await socket.expectAlive();
    },
  }));
  const { results, ends } = await judge({
    rows: [fatal, ...beside],
    contestant: (settings) => async (port) => {
      const server = await start(settings)(port);
      servers.push(server);
      return server;
    },
    progress: () => undefined,
  });
  assert.deepEqual(
    results.map(({ id, outcome }) => [id, outcome]),
    [['HS-01', 'failed'], ...beside.map(({ id }) => [id, 'passed'])],
  );
  assert.equal(ends, 2, 'once among the others, once alone');
});

function result(id: string, outcome: RowResult['outcome'], reason: string | null = null): RowResult {
  return { id, outcome, reason, transcript: 'a transcript' };
}

test('a comparison counts by group, and names no row that failed', () => {
  const { groups, skipped } = compare({
    sluice: [result('HS-01', 'passed'), result('PG-01', 'passed'), result('PG-02', 'skipped', 'no short-timeouts')],
    soketi: [result('HS-01', 'failed', 'its cause'), result('PG-01', 'passed'), result('PG-02', 'skipped')],
  });
  assert.deepEqual(groups, {
    HS: { sluice: { passed: 1, failed: 0, skipped: 0 }, soketi: { passed: 0, failed: 1, skipped: 0 } },
    PG: { sluice: { passed: 1, failed: 0, skipped: 1 }, soketi: { passed: 1, failed: 0, skipped: 1 } },
  });
  assert.deepEqual(skipped, { 'no short-timeouts': ['PG-02'] });
  const text = renderComparison({
    date: '2026-01-02T03:04:05.678Z',
    command: 'x',
    versions: { sluice: 'a', soketi: 'b' },
    provided: ['second-app'],
    groups,
    skipped,
  });
  assert.match(text, /^\| HS Handshake and frames \| 1 \| 0 \| 0 \| 0 \| 1 \| 0 \|$/m);
  assert.match(text, /^\| \*\*all\*\* \| 2 \| 0 \| 1 \| 1 \| 1 \| 1 \|$/m);
  assert.doesNotMatch(text, /HS-01|PG-01|its cause|a transcript/);
});

test('what is kept is of all rows', () => {
  assert.equal(parseOptions(['--peer', 'soketi', '--write'])?.write, true);
  assert.throws(() => parseOptions(['--peer', 'soketi', '--write', '--only', 'HS']), UsageError);
});
