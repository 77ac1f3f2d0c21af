import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MUTANTS } from '../mutants/catalogue/index.ts';
import { judgeMutant, rowsOf } from '../mutants/judge-mutant.ts';
import { driftOf, type Mutant } from '../mutants/mutant.ts';
import { parseOptions } from '../mutants/options.ts';
import { isNoticed, renderReport } from '../mutants/report.ts';
import { GROUP_TITLES } from '../src/index.ts';

const MAIN = fileURLToPath(new URL('../mutants/main.ts', import.meta.url));

const EMPTY_PONG: Mutant = {
  name: 'sends-pongs-without-data',
  file: 'packages/protocol/src/server-messages.ts',
  find: '{"event":"pusher:pong","data":"{}"}',
  replace: '{"event":"pusher:pong"}',
  rows: ['PG-03'],
};

describe('The catalogue of mutants', () => {
  it('fits the source as it is', () => {
    assert.deepEqual(driftOf(MUTANTS), []);
  });

  it('has a name for each, and changes something in the source of the server', () => {
    assert.equal(new Set(MUTANTS.map(({ name }) => name)).size, MUTANTS.length);
    for (const { name, file, find, replace } of MUTANTS) {
      assert.match(name, /^[a-z0-9]+(-[a-z0-9]+)+$/);
      assert.match(file, /^(packages\/[a-z-]+|apps\/server)\/src\//, name);
      assert.notEqual(find, replace, name);
    }
  });

  it('names rows that there are, of every group', () => {
    const groups = MUTANTS.flatMap(({ rows }) => rowsOf(rows)).map(({ id }) => id.slice(0, id.indexOf('-')));
    assert.deepEqual([...new Set(groups)].sort(), Object.keys(GROUP_TITLES).sort());
    assert.ok(MUTANTS.every(({ rows }) => rows.length > 0));
  });

  it('can be asked for by name and by row', () => {
    const names = (only: string): string[] => parseOptions(['--only', only])?.mutants.map(({ name }) => name) ?? [];
    assert.deepEqual(names('does-not-answer-pings'), ['does-not-answer-pings']);
    assert.ok(names('pg').includes('does-not-answer-pings'));
    assert.ok(names('PG-11').includes('does-not-answer-pings'));
    assert.throws(() => parseOptions(['--only', 'nonsense']), /--only: no mutant is called "nonsense"/);
  });
});

describe('The command', () => {
  const mutants = (...args: readonly string[]): { readonly code: number | null; stdout: string; stderr: string } => {
    const command = ['--conditions=@sluice/source', MAIN, ...args];
    const {
      status: code,
      stdout,
      stderr,
    } = spawnSync(process.execPath, command, { encoding: 'utf8', timeout: 60_000 });
    return { code, stdout, stderr };
  };

  it('explains itself, and lists the mutants', () => {
    assert.match(mutants('--help').stdout, /^npm run mutants -- /);
    assert.equal(mutants('--list', '--only', 'PG-11').stdout, 'does-not-answer-pings  PG-01, PG-02, PG-11, PG-12\n');
    assert.equal(mutants('--only', 'nonsense').code, 2);
  });

  it('shows that the rows pass without a mutant and fail with it', () => {
    const { code, stdout, stderr } = mutants('--only', 'sends-pongs-without-data');
    assert.equal(code, 0, `${stdout}${stderr}`);
    assert.match(stderr, /^1 mutants; first their 1 rows, against the server as it is\n1\/1 .*: noticed by PG-03\n$/);
    assert.match(stdout, /All 1 mutants were noticed\.\n$/);
  });
});

describe('A mutant', { concurrency: 3 }, () => {
  it('is noticed by a row that fails', async () => {
    const verdict = await judgeMutant(EMPTY_PONG);
    assert.deepEqual(verdict.noticedBy, [{ id: 'PG-03', reason: 'AssertionError [ERR_ASSERTION]: it is undefined' }]);
    assert.ok(isNoticed(verdict));
    assert.match(
      renderReport([verdict], { withReasons: true }),
      /PG-03: .*it is undefined\n\nAll 1 mutants were noticed/,
    );
  });

  it('is not noticed if one of its rows passes', async () => {
    const verdict = await judgeMutant({ ...EMPTY_PONG, rows: ['PG-03', 'SB-01'] });
    assert.ok(!isNoticed(verdict));
    assert.deepEqual(verdict.missedBy, ['SB-01']);
    const report = renderReport([verdict], { withReasons: false });
    assert.match(report, /MISSED .*PG-03\n/);
    assert.match(report, /SB-01 passed though the server was broken/);
    assert.match(report, /1 of 1 mutants were not noticed/);
  });

  it('that no longer fits, or with which the server does not start, is not noticed', async () => {
    const drifted = await judgeMutant({ ...EMPTY_PONG, find: 'not in there' });
    assert.match(drifted.fault ?? '', /server-messages\.ts does not contain: not in there/);
    const unstartable = await judgeMutant({ ...EMPTY_PONG, replace: "'" });
    assert.match(unstartable.fault ?? '', /the server ended with/);
    assert.ok(![drifted, unstartable].some(isNoticed));
  });
});
