import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Program, type Report } from './program.ts';

const DIED = 'a worker died and is being replaced';
const NOT_STARTED = 'a worker could not be started and is tried again';
const LIMITED = { timeout: 30_000 };

async function supervisor(t: TestContext, options: { readonly maxFiles?: number } = {}): Promise<Program> {
  const program = new Program(t, new URL('./supervisor-program.ts', import.meta.url), options);
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

/** How often a worker was or will be forked again, by what has been said when the state was asked for. */
function assertCounted(program: Program, state: Report): void {
  const said = [DIED, NOT_STARTED].flatMap((event) => program.all(event, { before: state }));
  assert.equal(state.fields['restarts'], said.length);
}

describe('A worker that could not be started', () => {
  it('is tried again, each time after a longer while, until it can', LIMITED, async (t) => {
    const program = await supervisor(t);
    await program.do('break forks');
    await program.do('start');
    await program.until(NOT_STARTED, 4);
    const mended = await program.do('mend forks');
    await program.next('fork', mended);
    const state = await program.do('state');
    assert.equal(state.fields['running'], 1);
    assertCounted(program, state);
    const tries = program.all(NOT_STARTED);
    assert.deepEqual(delaysOf(tries.slice(0, 4)), [0, 250, 500, 1000]);
    assertWaited(tries);
    for (const { fields } of tries) {
      assert.deepEqual([fields['slot'], fields['running']], [0, 0]);
      assert.match(String(fields['error']), /ENOENT/);
    }
    assert.deepEqual(program.all('uncaught'), []);
    assert.deepEqual(program.all(DIED), []);
    await program.do('kill all');
    assert.equal((await program.until(DIED)).fields['signal'], 'SIGKILL', 'it did run');
  });

  it('is tried again when there is no file left for its bus', LIMITED, async (t) => {
    const program = await supervisor(t, { maxFiles: 150 });
    await program.do('open all files');
    await program.do('start');
    await program.until(NOT_STARTED, 3);
    assert.deepEqual(program.all('uncaught'), []);
    assert.deepEqual(program.all('fork'), [], 'there is no worker to speak with');
    const closed = await program.do('close all files');
    await program.next('fork', closed);
    const state = await program.do('state');
    assert.equal(state.fields['running'], 1);
    assertCounted(program, state);
    for (const { fields } of program.all(NOT_STARTED)) {
      assert.equal(fields['running'], 0);
      assert.match(String(fields['error']), /EMFILE/);
    }
  });

  it('does not hold up the stop', LIMITED, async (t) => {
    const program = await supervisor(t);
    await program.do('break forks');
    await program.do('start');
    await program.until(NOT_STARTED, 2);
    await program.do('stop');
    assert.equal((await program.do('state')).fields['running'], 0);
  });

  it('does not hold up a stop that comes before it is known', LIMITED, async (t) => {
    const program = await supervisor(t);
    await program.do('break forks');
    await program.do('start and stop');
    assert.deepEqual((await program.do('state')).fields, { running: 0, restarts: 0 });
    assert.deepEqual(program.all(NOT_STARTED), [], 'nothing is tried again');
  });

  it('counts as one more early death of its place', LIMITED, async (t) => {
    const program = await supervisor(t);
    await program.do('let workers exit');
    await program.do('at the second exit break forks');
    await program.do('start');
    const failed = await program.until(NOT_STARTED);
    assert.deepEqual(delaysOf([...program.all(DIED), failed]), [0, 250, 500]);
  });
});

describe('A worker that dies', () => {
  it('again and again is replaced after a longer while each time', LIMITED, async (t) => {
    const program = await supervisor(t);
    await program.do('let workers exit');
    await program.do('start');
    await program.until(DIED, 4);
    const state = await program.do('state');
    assertCounted(program, state);
    const deaths = program.all(DIED, { before: state });
    assert.deepEqual(delaysOf(deaths.slice(0, 4)), [0, 250, 500, 1000]);
    assertWaited(deaths);
    assert.ok(deaths.every(({ fields }) => fields['code'] === 7 && fields['running'] === 0));
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
    await program.do('at the second exit let workers stay');
    await program.do('start');
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
    assert.deepEqual((await program.do('state')).fields, { running: 1, restarts: 4 });
  });

  it('during the stop is not replaced', LIMITED, async (t) => {
    const program = await supervisor(t);
    await program.do('start');
    await program.until('fork');
    const stopped = program.do('stop');
    await program.do('kill all');
    await stopped;
    await program.until('exit');
    assert.deepEqual((await program.do('state')).fields, { running: 0, restarts: 0 });
    assert.equal(program.all('fork').length, 1);
  });
});
