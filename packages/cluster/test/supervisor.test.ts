import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Program, type Report } from './program.ts';

const DIED = 'a worker died and is being replaced';
const NOT_STARTED = 'a worker could not be started and is tried again';
const LIMITED = { timeout: 30_000 };

async function supervisor(t: TestContext, options: { readonly maxFiles?: number } = {}): Promise<Program> {
  const program = new Program(t, 'supervisor-program.ts', options);
  await program.until('up');
  return program;
}

function delaysOf(reports: readonly Report[]): unknown[] {
  return reports.map(({ fields }) => fields['delayMs']);
}

/** No try comes earlier after the one before than was said. */
function assertWaited(reports: readonly Report[]): void {
  for (const [i, report] of reports.slice(1).entries()) {
    const waitedMs = report.at - (reports[i]?.at ?? 0);
    const delayMs = Number(reports[i]?.fields['delayMs']);
    // Clocks of timers are a millisecond coarse.
    assert.ok(waitedMs >= delayMs - 2, `try ${i + 2} came ${waitedMs} ms after the one before, not ${delayMs}`);
  }
}

describe('A worker that could not be started', () => {
  it('is tried again, each time after a longer while, until it can', LIMITED, async (t) => {
    const program = await supervisor(t);
    await program.do('break forks');
    await program.do('start');
    await program.until(NOT_STARTED, 4);
    assert.deepEqual(await program.do('state'), { running: 0, restarts: 4 });
    await program.do('mend forks');
    const forksBefore = program.all('fork').length;
    await program.until('fork', forksBefore + 1);
    assert.deepEqual(await program.do('state'), { running: 1, restarts: 4 });
    const tries = program.all(NOT_STARTED);
    assert.deepEqual(delaysOf(tries), [0, 250, 500, 1000]);
    assertWaited(tries);
    for (const { fields } of tries) {
      assert.equal(fields['slot'], 0);
      assert.match(String(fields['error']), /ENOENT/);
    }
    assert.deepEqual(program.all('uncaught'), []);
    assert.deepEqual(program.all(DIED), []);
    await program.do('kill all');
    await program.until(DIED);
  });

  it('is tried again when there is no file left for its bus', LIMITED, async (t) => {
    const program = await supervisor(t, { maxFiles: 150 });
    await program.do('open all files');
    await program.do('start');
    await program.until(NOT_STARTED, 3);
    assert.deepEqual(await program.do('state'), { running: 0, restarts: 3 });
    assert.deepEqual(program.all('uncaught'), []);
    assert.deepEqual(program.all('fork'), [], 'there is no worker to speak with');
    await program.do('close all files');
    await program.until('fork');
    assert.deepEqual(await program.do('state'), { running: 1, restarts: 3 });
    for (const { fields } of program.all(NOT_STARTED)) assert.match(String(fields['error']), /EMFILE/);
  });

  it('does not hold up the stop', LIMITED, async (t) => {
    const program = await supervisor(t);
    await program.do('break forks');
    await program.do('start');
    await program.until(NOT_STARTED, 2);
    await program.do('stop');
    assert.deepEqual(await program.do('state'), { running: 0, restarts: 2 });
  });

  it('does not hold up a stop that comes before it is known', LIMITED, async (t) => {
    const program = await supervisor(t);
    await program.do('break forks');
    await program.do('start and stop');
    assert.deepEqual(await program.do('state'), { running: 0, restarts: 0 });
    assert.deepEqual(program.all(NOT_STARTED), [], 'nothing is tried again');
  });

  it('counts as an early death of the same place', LIMITED, async (t) => {
    const program = await supervisor(t);
    await program.do('let workers exit');
    await program.do('start');
    await program.until(DIED, 2);
    await program.do('break forks');
    await program.until(NOT_STARTED);
    assert.deepEqual(delaysOf([...program.all(DIED), ...program.all(NOT_STARTED)]), [0, 250, 500]);
    assert.equal(program.all('exit').length, 2);
  });
});

describe('A worker that dies', () => {
  it('again and again is replaced after a longer while each time', LIMITED, async (t) => {
    const program = await supervisor(t);
    await program.do('let workers exit');
    await program.do('start');
    await program.until(DIED, 4);
    const deaths = program.all(DIED);
    assert.deepEqual(delaysOf(deaths), [0, 250, 500, 1000]);
    assertWaited(deaths);
    assert.deepEqual(await program.do('state'), { running: 0, restarts: 4 });
    assert.ok(deaths.every(({ fields }) => fields['code'] === 7));
    const order = program.reports.filter(({ event }) => ['fork', 'exit', DIED].includes(event));
    assert.deepEqual(
      order.slice(0, 6).map(({ event }) => event),
      ['fork', 'exit', DIED, 'fork', 'exit', DIED],
      'its death is told before its replacement is forked',
    );
  });

  it('is replaced at once when it had lived long, and what was before is forgotten', LIMITED, async (t) => {
    const program = await supervisor(t);
    await program.do('let workers exit');
    await program.do('start');
    await program.until(DIED, 2);
    await program.do('let workers stay');
    await program.until('fork', 3);
    await program.do('let ten seconds pass');
    await program.do('kill a worker');
    await program.until('fork', 4);
    await program.do('kill a worker');
    await program.until('fork', 5);
    const deaths = program.all(DIED);
    assert.deepEqual(delaysOf(deaths), [0, 250, 0, 0]);
    assert.deepEqual(
      deaths.map(({ fields }) => fields['signal']),
      [null, null, 'SIGKILL', 'SIGKILL'],
    );
    assert.deepEqual(await program.do('state'), { running: 1, restarts: 4 });
  });

  it('during the stop is not replaced', LIMITED, async (t) => {
    const program = await supervisor(t);
    await program.do('start');
    await program.until('fork');
    const stopped = program.do('stop');
    await program.do('kill all');
    await stopped;
    await program.until('exit');
    assert.deepEqual(await program.do('state'), { running: 0, restarts: 0 });
    assert.equal(program.all('fork').length, 1);
  });
});
