import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { type Flushable, Outbox } from '../src/outbox.ts';

/** A socket that only notes when it is written, and may take its time over it. */
function socket(log: string[], name: string, busyMs = 0): Flushable {
  return {
    flush: () => {
      log.push(name);
      const endsAt = performance.now() + busyMs;
      while (performance.now() < endsAt);
    },
  };
}

describe('the outbox', () => {
  it('writes each socket once at the end of the turn, in the order in which they came', async () => {
    const log: string[] = [];
    const outbox = new Outbox({ flushDelayMs: 0, writeBufferBytes: 100, sliceMs: 5 });
    outbox.add(socket(log, 'a'));
    outbox.add(socket(log, 'b'));
    assert.deepEqual(log, []);
    await turn();
    assert.deepEqual(log, ['a', 'b']);
  });

  it('starts each round from a new root', async () => {
    const outbox = new Outbox({ flushDelayMs: 0, writeBufferBytes: 100, sliceMs: 5 });
    const { root } = outbox;
    outbox.add(socket([], 'a'));
    await turn();
    assert.notEqual(outbox.root, root);
  });

  it('lets other work run between slices, and still writes everybody', async () => {
    const log: string[] = [];
    const outbox = new Outbox({ flushDelayMs: 0, writeBufferBytes: 100, sliceMs: 2 });
    for (let i = 0; i < 320; i++) outbox.add(socket(log, String(i), 0.05));
    let turns = 0;
    while (log.length < 320) {
      await turn();
      turns++;
    }
    // 320 writes of 0.05 ms take 16 ms, eight slices of 2 ms; a clock check every 32 writes allows some slack.
    assert.ok(turns >= 4, `everything was written in ${turns} turns`);
    assert.deepEqual(
      log,
      Array.from({ length: 320 }, (_, i) => String(i)),
    );
  });

  it('leaves what is added during a round to the next', async () => {
    const log: string[] = [];
    const outbox = new Outbox({ flushDelayMs: 0, writeBufferBytes: 100, sliceMs: 5 });
    outbox.add({
      flush: () => {
        log.push('first');
        outbox.add(socket(log, 'second'));
      },
    });
    await turn();
    assert.deepEqual(log, ['first']);
    await turn();
    assert.deepEqual(log, ['first', 'second']);
  });

  it('says when what was handed over before is written', async () => {
    const log: string[] = [];
    const outbox = new Outbox({ flushDelayMs: 0, writeBufferBytes: 100, sliceMs: 5 });
    outbox.add(socket(log, 'a'));
    outbox.afterFlush(() => log.push('done'));
    await turn();
    assert.deepEqual(log, ['a', 'done']);
  });

  it('says so even when nobody had to be written', async () => {
    const outbox = new Outbox({ flushDelayMs: 0, writeBufferBytes: 100, sliceMs: 5 });
    const log: string[] = [];
    outbox.afterFlush(() => log.push('done'));
    await turn();
    assert.deepEqual(log, ['done']);
  });

  it('gathers for the configured time before it writes', async () => {
    const log: string[] = [];
    const outbox = new Outbox({ flushDelayMs: 30, writeBufferBytes: 100, sliceMs: 5 });
    outbox.add(socket(log, 'a'));
    await sleep(10);
    outbox.add(socket(log, 'b'));
    assert.deepEqual(log, []);
    await sleep(40);
    assert.deepEqual(log, ['a', 'b']);
  });
});

describe('an outbox in a hurry', () => {
  const DELAYED = { flushDelayMs: 60_000, writeBufferBytes: 100, sliceMs: 5 };

  it('writes at the end of the turn all that waits, and then gathers again', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const log: string[] = [];
    const outbox = new Outbox(DELAYED);
    outbox.add(socket(log, 'a'));
    outbox.add(socket(log, 'b'));
    t.mock.timers.tick(30_000);
    outbox.hurry();
    outbox.hurry();
    assert.deepEqual(log, []);
    await turn();
    assert.deepEqual(log, ['a', 'b']);
    outbox.add(socket(log, 'c'));
    await turn();
    t.mock.timers.tick(59_999);
    assert.deepEqual(log, ['a', 'b'], 'the hurry is over, and so is the delay of the round before');
    t.mock.timers.tick(1);
    assert.deepEqual(log, ['a', 'b', 'c']);
  });

  it('writes what comes during a round right after it', async () => {
    const log: string[] = [];
    const outbox = new Outbox(DELAYED);
    outbox.add({
      flush: () => {
        log.push('first');
        outbox.add(socket(log, 'second'));
        outbox.hurry();
      },
    });
    outbox.hurry();
    await turn();
    await turn();
    assert.deepEqual(log, ['first', 'second']);
  });

  it('has no cause for it where nothing is delayed', () => {
    assert.equal(new Outbox({ ...DELAYED, flushDelayMs: 0 }).hurryBytes, Infinity);
    assert.equal(new Outbox(DELAYED).hurryBytes, 100);
  });
});
