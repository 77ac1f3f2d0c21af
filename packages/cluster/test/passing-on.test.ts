import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { it, mock } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { encodeControl, encodeTopicMessage, topicOf } from '../src/bus/frames.ts';
import { FakeWorker, UNBOUNDED } from './fake-worker.ts';
import { Cluster, type Member } from './nodes/members.ts';
import { localHub } from './silent.ts';

/** Of 8 KB each: more than half of them wait behind what is on its way out in a moment. */
const MESSAGES = 100;

/** The primary's end of the bus to a worker that takes nothing in until it is let. */
class StuckWorker {
  readonly taken: Buffer[] = [];
  readonly stream = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _encoding, done) => {
      this.taken.push(chunk);
      this.#goOn = done;
      if (this.#reads) done();
    },
  });
  #reads = false;
  #goOn = (): void => {};

  join(topic: string): void {
    this.stream.push(encodeControl({ type: 'ask', id: 1, question: { type: 'join_topic', topic } }));
  }

  read(): void {
    this.#reads = true;
    this.#goOn();
  }
}

/** Memory that buffers keep, be it in use or not. */
function keptBytes(buffers: readonly Buffer[]): number {
  return [...new Set(buffers.map(({ buffer }) => buffer))].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

it('What waits for a worker keeps the memory of what waits, not of all that came in with it', async () => {
  const hub = localHub({ bounds: UNBOUNDED });
  const sender = new FakeWorker(hub, 1);
  const stuck = new StuckWorker();
  hub.attach(2, stuck.stream);
  stuck.join('1:a');
  // The answer: the first that it does not take in.
  while (stuck.taken.length === 0) await nextTurn();
  const wanted = encodeTopicMessage('1:a', Buffer.alloc(8000, 'm'));
  // Read from the bus in one piece, as it comes where a worker publishes much that this one does not want.
  const chunk = Buffer.concat([encodeTopicMessage('1:b', Buffer.alloc(64_000)), wanted]);
  for (let i = 0; i < MESSAGES; i++) {
    sender.stream.write(Buffer.from(chunk));
    await nextTurn();
  }
  await sender.settled();
  stuck.read();
  await nextTurn();
  const frames = stuck.taken.filter((frame) => frame.length === wanted.length && topicOf(frame) === '1:a');
  assert.equal(frames.length, MESSAGES);
  // Those before are not copied.
  const waiting = frames.slice(MESSAGES / 2);
  assert.ok(waiting.every((frame) => frame.equals(wanted)));
  assert.ok(keptBytes(waiting) < 2 * waiting.length * wanted.length, `${keptBytes(waiting)} bytes are kept`);
});

it('What a worker publishes to one topic at once goes to other nodes at once, in order', async () => {
  mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
  try {
    const cluster = new Cluster();
    const [first, second] = (await cluster.grow(2)) as [Member, Member];
    for (const topic of ['1:a', '1:b']) second.others.join(topic, () => {});
    await cluster.settle();
    const worker = new FakeWorker(first.hub, 1);
    const published = ['1:a', '1:a', '1:a', '1:b', '1:b'].map((topic, i) => ({ topic, text: `message ${i}` }));
    const { handed } = await cluster.trafficOf(async () => {
      worker.stream.write(
        Buffer.concat(published.map(({ topic, text }) => encodeTopicMessage(topic, Buffer.from(text)))),
      );
      await worker.settled();
    });
    assert.deepEqual(handed, { '1:a': 1, '1:b': 1 });
    assert.deepEqual(
      second.got,
      published.map(({ topic, text }) => `${topic} ${text}`),
    );
  } finally {
    mock.timers.reset();
  }
});
