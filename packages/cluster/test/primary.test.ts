import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Program } from './program.ts';

const LISTENING = 'a worker is listening';
const DIED = 'a worker died and is being replaced';
const FAILED = 'a worker cannot start and is replaced';
const LIMITED = { timeout: 30_000 };

async function startedNode(t: TestContext): Promise<Program> {
  const program = new Program(t, 'primary-program.ts');
  await program.until('up');
  assert.deepEqual(await program.do('start'), { error: null });
  return program;
}

describe('A worker that says that it cannot start', () => {
  it('ends the start of the node with its message', LIMITED, async (t) => {
    const program = new Program(t, 'primary-program.ts');
    await program.until('up');
    await program.do('let workers fail');
    assert.deepEqual(await program.do('start'), { error: 'Error: listen EADDRINUSE' });
    assert.deepEqual(program.all(FAILED), []);
  });

  it('is killed and replaced when the node had started, until one can', LIMITED, async (t) => {
    const program = await startedNode(t);
    await program.do('let workers fail');
    await program.do('kill a worker');
    await program.until(FAILED, 2);
    await program.until(DIED, 3);
    assert.deepEqual(
      program.all(FAILED).map(({ fields }) => fields),
      [
        { slot: 0, error: 'listen EADDRINUSE' },
        { slot: 0, error: 'listen EADDRINUSE' },
      ],
    );
    assert.ok(program.all(DIED).every(({ fields }) => fields['signal'] === 'SIGKILL'));
    await program.do('let workers stay');
    await program.until(LISTENING, 2);
    const { answers, living, restarts } = await program.do('metrics');
    assert.equal((answers as unknown[]).length, 1);
    assert.deepEqual([living, restarts], [1, 3]);
    await program.do('drain');
  });
});
