import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Program } from './program.ts';

const PROGRAM = new URL('./primary-program.ts', import.meta.url);

const LISTENING = 'a worker is listening';
const DIED = 'a worker died and is being replaced';
const FAILED = 'a worker cannot start and is replaced';
const LIMITED = { timeout: 30_000 };

async function startedNode(t: TestContext): Promise<Program> {
  const program = new Program(t, PROGRAM);
  await program.until('up');
  assert.deepEqual((await program.do('start')).fields, { error: null });
  return program;
}

describe('A worker that says that it cannot start', () => {
  it('ends the start of the node with its message', LIMITED, async (t) => {
    const program = new Program(t, PROGRAM);
    await program.until('up');
    await program.do('let workers fail');
    assert.deepEqual((await program.do('start')).fields, { error: 'Error: listen EADDRINUSE' });
    assert.deepEqual(program.all(FAILED), []);
  });

  it('is killed and replaced when the node had started, until one can', LIMITED, async (t) => {
    const program = await startedNode(t);
    await program.do('let workers fail');
    await program.do('kill a worker');
    await program.until(FAILED, 2);
    await program.until(DIED, 3);
    await program.do('let workers stay');
    await program.until(LISTENING, 2);
    const metrics = await program.do('metrics');
    const deaths = program.all(DIED, { before: metrics });
    const { answers, living, restarts } = metrics.fields;
    assert.deepEqual([(answers as unknown[]).length, living, restarts], [1, 1, deaths.length]);
    assert.ok(deaths.every(({ fields }) => fields['signal'] === 'SIGKILL'));
    for (const { fields } of program.all(FAILED)) assert.deepEqual(fields, { slot: 0, error: 'listen EADDRINUSE' });
    await program.do('drain');
  });
});

describe('A worker that could not be made', () => {
  it('leaves nothing behind that a scrape or a shutdown would wait for', LIMITED, async (t) => {
    const program = await startedNode(t);
    await program.do('break forks');
    await program.do('kill a worker');
    await program.until('a worker could not be started and is tried again', 2);
    await program.do('mend forks');
    await program.until(LISTENING, 2);
    assert.equal((await program.do('metrics')).fields['living'], 1);
    await program.do('drain');
    assert.deepEqual(program.all('the grace period is over; what is left is cut off'), []);
  });
});
