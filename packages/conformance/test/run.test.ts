import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Row, runRows, SkipRow, type Target } from '../src/index.ts';

const APP = { id: '1', key: 'k', secret: 's' };
const ENDPOINT = { host: '127.0.0.1', port: 1 };
const TARGET: Target = {
  endpoint: ENDPOINT,
  app: APP,
  provides: { 'limited-app': { app: APP }, 'node-capacity': { endpoint: ENDPOINT, maxConnections: 1 } },
};

function row(id: string, run: Row['run'], rest: Partial<Row> = {}): Row {
  return { id, statement: `${id} holds.`, run, ...rest };
}

async function outcomes(rows: readonly Row[]): Promise<readonly (readonly [string, string, string | null])[]> {
  const results = await runRows({ rows, target: TARGET, concurrency: 4 });
  return results.map(({ id, outcome, reason }) => [id, outcome, reason?.split('\n')[0] ?? null]);
}

describe('A run', () => {
  it('gives each row its outcome and reason, in the order of the rows', async () => {
    const rows = [
      row('A', async () => sleep(20)),
      row('B', async () => assert.fail('no')),
      row('C', async () => Promise.reject(new SkipRow('not here'))),
      row('D', async () => assert.fail('not to be run'), { needs: ['restart', 'quiet-app'] }),
      row('E', async () => sleep(500), { timeoutMs: 20 }),
    ];
    assert.deepEqual(await outcomes(rows), [
      ['A', 'passed', null],
      ['B', 'failed', 'AssertionError [ERR_ASSERTION]: no'],
      ['C', 'skipped', 'not here'],
      ['D', 'skipped', 'the target has no restart, quiet-app'],
      ['E', 'failed', 'Error: the row did not end within 20 ms'],
    ]);
  });

  it('reports what was sent and what came', async () => {
    const rows = [
      row('A', async (context) => {
        context.transcript.add('ws1', '→ x'.padEnd(1000, 'x'));
        await context.connect();
      }),
    ];
    const [result] = await runRows({ rows, target: TARGET, concurrency: 1 });
    assert.equal(result?.outcome, 'failed');
    assert.match(result.transcript, /ws1 +→ x+… \(400 more characters\)\n.*ws1 +opens ws:\/\/127\.0\.0\.1:1\/app\/k\?/);
    assert.match(result.reason ?? '', /was closed with 1006/);
  });

  it('closes what a row opened, the latest first, failed or not', async () => {
    const closed: number[] = [];
    const rows = [
      row('A', async (context) => {
        for (const i of [1, 2]) context.onCleanup(() => void closed.push(i));
        assert.fail('no');
      }),
    ];
    await runRows({ rows, target: TARGET, concurrency: 1 });
    assert.deepEqual(closed, [2, 1]);
  });

  it('runs rows at the same time, but not two that need what only one can use', async () => {
    let [now, most, exclusive] = [0, 0, 0];
    const run = (needs: Row['needs'] = []): Row => {
      return row(
        'X',
        async () => {
          most = Math.max(most, ++now);
          if (needs.length > 0) assert.equal(++exclusive, 1);
          await sleep(20);
          if (needs.length > 0) exclusive--;
          now--;
        },
        { needs },
      );
    };
    const results = await outcomes([
      run(['limited-app', 'node-capacity']),
      run(['node-capacity', 'limited-app']),
      run(),
      run(),
    ]);
    assert.deepEqual(new Set(results.map(([, outcome]) => outcome)), new Set(['passed']));
    assert.equal(most, 3);
  });

  it('runs those that keep a processor busy one after the other, and others beside them', async () => {
    let [busy, light, together] = [0, 0, 0];
    const heavy: Row['run'] = async () => {
      assert.equal(++busy, 1);
      together = Math.max(together, light);
      await sleep(20);
      busy--;
    };
    const other: Row['run'] = async () => {
      light++;
      await sleep(100);
      light--;
    };
    const rows = [
      ...['A', 'B', 'C'].map((id) => row(id, heavy, { heavy: true })),
      ...['D', 'E'].map((id) => row(id, other)),
    ];
    assert.deepEqual(
      (await outcomes(rows)).map(([id, outcome]) => `${id} ${outcome}`),
      rows.map(({ id }) => `${id} passed`),
    );
    assert.equal(together, 2);
  });

  it('keeps from the others what a row disturbs, and lets them use it together', async () => {
    let [now, most] = [0, 0];
    let isDisturbed = false;
    const use: Row['run'] = async () => {
      assert.ok(!isDisturbed, 'it is used while it is disturbed');
      most = Math.max(most, ++now);
      await sleep(20);
      now--;
    };
    const disturb: Row['run'] = async () => {
      assert.equal(now, 0, 'it is disturbed while it is used');
      isDisturbed = true;
      await sleep(20);
      isDisturbed = false;
    };
    const needs: Row['needs'] = ['second-app'];
    const target: Target = { ...TARGET, provides: { 'second-app': { app: APP } } };
    const users = ['A', 'B', 'C', 'D'].map((id) => row(id, use, { needs }));
    const disturbers = ['E', 'F'].map((id) => row(id, disturb, { needs, disturbs: needs }));
    const rows = [...users.slice(0, 2), ...disturbers, ...users.slice(2)];
    const results = await runRows({ rows, target, concurrency: rows.length });
    assert.deepEqual(
      results.map(({ reason }) => reason),
      rows.map(() => null),
    );
    assert.equal(most, 2);
  });

  it('begins with the rows that have the most time', async () => {
    const order: string[] = [];
    const rows = [10, 30, 20].map((ms) => row(`${ms}`, async () => void order.push(`${ms}`), { timeoutMs: ms * 1000 }));
    await runRows({ rows, target: TARGET, concurrency: 1 });
    assert.deepEqual(order, ['30', '20', '10']);
  });

  it('keeps only the end of a long transcript, and says how much there was', async () => {
    const rows = [
      row('A', async ({ transcript }) => {
        for (let i = 1; i <= 5000; i++) transcript.add('ws1', `line ${i}`);
      }),
    ];
    const [result] = await runRows({ rows, target: TARGET, concurrency: 1 });
    const lines = result?.transcript.split('\n') ?? [];
    assert.equal(lines[0], '(4920 earlier lines left out)');
    assert.match(lines[1] ?? '', /line 4921$/);
    assert.match(lines.at(-1) ?? '', /line 5000$/);
  });

  it('runs the rows that judge the others after them', async () => {
    const order: string[] = [];
    const rows = ['A', 'B', 'C'].map((id) => row(id, async () => void order.push(id), { last: id === 'A' }));
    await runRows({ rows, target: TARGET, concurrency: 1 });
    assert.deepEqual(order, ['B', 'C', 'A']);
  });
});
