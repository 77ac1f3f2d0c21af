import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Duplex, duplexPair } from 'node:stream';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { encodeTopicMessage, messageOf, topicOf } from '../src/bus/frames.ts';
import { Link, type LinkBounds } from '../src/bus/link.ts';
import { UNBOUNDED } from './fake-worker.ts';

interface Note {
  readonly type: string;
  readonly id?: number;
  readonly question?: { readonly type: string };
  readonly text?: string;
}

/** One end of a link and all that came to it, in order. */
class End {
  readonly link: Link<Note, Note>;
  readonly log: string[] = [];
  readonly closed: Promise<Error | undefined>;
  /** Called with each message, after it was noted. */
  react: (message: Note) => void = () => {};

  constructor(stream: Duplex, bounds: LinkBounds) {
    const { promise, resolve } = Promise.withResolvers<Error | undefined>();
    this.closed = promise;
    this.link = new Link<Note, Note>({
      stream,
      bounds,
      handler: {
        onMessage: (message) => {
          this.log.push(message.type);
          this.react(message);
        },
        onTopicMessage: (frame) => {
          this.log.push(`${topicOf(frame)}=${messageOf(frame).toString()}`);
        },
        onClose: resolve,
        onStuck: () => this.log.push('stuck'),
      },
    });
  }

  async logs(count: number): Promise<string[]> {
    while (this.log.length < count) await nextTurn();
    return this.log;
  }
}

interface Ends {
  readonly a: End;
  readonly b: End;
  /** Under `b`. */
  readonly stream: Socket;
}

/** A link over a Unix-domain socket, as between a primary and its worker. */
async function socketLink(t: TestContext, bounds = UNBOUNDED): Promise<Ends> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-link-'));
  const server = createServer();
  const file = join(folder, 'bus');
  server.listen(file);
  await once(server, 'listening');
  const stream = connect(file);
  const [accepted] = (await once(server, 'connection')) as [Socket];
  server.close();
  t.after(() => {
    accepted.destroy();
    stream.destroy();
    rmSync(folder, { recursive: true });
  });
  return { a: new End(accepted, bounds), b: new End(stream, bounds), stream };
}

describe('Link', () => {
  it('asks behind all that leaves with the question, in one write', async (t) => {
    const { a, b, stream } = await socketLink(t);
    let chunks = 0;
    stream.on('data', () => chunks++);
    a.link.beforeFlush(() => void a.link.ask({ type: 'taken_up' }, () => undefined));
    for (const text of ['x', 'y']) a.link.write(encodeTopicMessage('1:a', Buffer.from(text)));
    assert.deepEqual(await b.logs(3), ['1:a=x', '1:a=y', 'ask']);
    assert.equal(chunks, 1);
  });

  it('asks also when nothing else leaves', async (t) => {
    const { a, b } = await socketLink(t);
    a.link.beforeFlush(() => void a.link.ask({ type: 'taken_up' }, () => undefined));
    assert.deepEqual(await b.logs(1), ['ask']);
  });

  it('keeps control messages and topic messages in one order', async (t) => {
    const { a, b } = await socketLink(t);
    const expected: string[] = [];
    for (let i = 0; i < 500; i++) {
      a.link.tell({ type: `tell-${i}` });
      a.link.write(encodeTopicMessage('1:t', Buffer.from(String(i))));
      expected.push(`tell-${i}`, `1:t=${i}`);
      if (i % 50 === 0) await nextTurn();
    }
    assert.deepEqual(await b.logs(1000), expected);
  });

  it('gives each question its own answer, in whatever order they come, in both directions', async (t) => {
    const { a, b } = await socketLink(t);
    const waiting: number[] = [];
    b.react = ({ id }) => {
      waiting.push(id ?? 0);
      if (waiting.length === 3) for (const each of waiting.reverse()) b.link.answer(each, `answer to ${each}`);
    };
    a.react = ({ id, question }) => a.link.answer(id ?? 0, question);
    const answers = [1, 2, 3].map(() => new Promise((resolve) => a.link.ask({ type: 'q' }, resolve)));
    const back = new Promise((resolve) => b.link.ask({ type: 'r' }, resolve));
    assert.deepEqual(await Promise.all(answers), ['answer to 1', 'answer to 2', 'answer to 3']);
    assert.deepEqual(await back, { type: 'r' });
  });

  it('handles an answer before any later frame, even when all arrive at once', async (t) => {
    const { a, b } = await socketLink(t);
    b.react = ({ id }) => {
      b.link.tell({ type: 'before' });
      b.link.answer(id ?? 0, null);
      b.link.tell({ type: 'after' });
      b.link.write(encodeTopicMessage('1:t', Buffer.from('after')));
    };
    a.link.ask({ type: 'q' }, () => a.log.push('answered'));
    assert.deepEqual(await a.logs(4), ['before', 'answered', 'after', '1:t=after']);
  });

  it('ignores an answer that nobody waits for, and a second one', async (t) => {
    const { a, b } = await socketLink(t);
    let answers = 0;
    a.link.ask({ type: 'q' }, () => answers++);
    b.link.answer(99, 'stray');
    b.link.answer(1, 'first');
    b.link.answer(1, 'second');
    b.link.tell({ type: 'end' });
    await a.logs(1);
    assert.equal(answers, 1);
  });

  it('sends everything of one turn in one write', async () => {
    const [left, right] = duplexPair();
    const a = new End(left, UNBOUNDED);
    const b = new End(right, UNBOUNDED);
    let writes = 0;
    left._writev = (chunks, done) => {
      writes++;
      right.push(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)));
      done();
    };
    for (let i = 0; i < 20; i++) a.link.tell({ type: `tell-${i}` });
    await b.logs(20);
    assert.equal(writes, 1);
  });

  it('delivers everything that was written before its end, then closes without an error', async (t) => {
    const { a, b } = await socketLink(t);
    const large = 'x'.repeat(2 * 1024 * 1024);
    a.link.tell({ type: 'large', text: large });
    a.link.tell({ type: 'last' });
    a.link.end();
    assert.equal(await b.closed, undefined);
    assert.deepEqual(b.log, ['large', 'last']);
    b.link.end();
    assert.equal(await a.closed, undefined);
  });

  it('drops without an error what is written after its end', async (t) => {
    const { a, b } = await socketLink(t);
    a.link.end();
    a.link.tell({ type: 'late' });
    a.link.ask({ type: 'late' }, () => assert.fail('nobody answers'));
    assert.equal(await b.closed, undefined);
    b.link.tell({ type: 'later still' });
    assert.equal(await a.closed, undefined);
    assert.deepEqual([a.log, b.log], [[], []]);
  });

  it('gives up a stream that is out of step and says why', async (t) => {
    const { a, stream } = await socketLink(t);
    stream.write(Buffer.from([0, 0, 0, 0, 1, 2, 3]));
    const error = await a.closed;
    assert.match(error?.message ?? '', /frame of 0 bytes/);
  });

  it('counts bytes that the other end has not taken', async () => {
    const [left] = duplexPair();
    const { link } = new End(left, UNBOUNDED);
    const frame = encodeTopicMessage('1:t', Buffer.alloc(1024 * 1024));
    for (let i = 0; i < 8; i++) link.write(frame);
    await nextTurn();
    assert.ok(link.queuedBytes >= 7 * frame.length);
    left.destroy();
  });

  async function fill(a: End, bytes: number): Promise<void> {
    for (let written = 0; written < bytes; written += 100_000) {
      a.link.write(encodeTopicMessage('topic', Buffer.alloc(100_000)));
      await nextTurn();
    }
  }

  it('says once that the other end takes nothing in, and writes nothing more', async (t) => {
    const bounds = { watchAboveBytes: 1_000_000, stallMs: 50, maxQueuedBytes: 100_000_000 };
    const { a, stream } = await socketLink(t, bounds);
    stream.pause();
    await fill(a, 3_000_000);
    assert.deepEqual(a.log, []);
    assert.deepEqual(await a.logs(1), ['stuck']);
    const queued = a.link.queuedBytes;
    await fill(a, 1_000_000);
    assert.equal(a.link.queuedBytes, queued);
    assert.deepEqual(a.log, ['stuck']);
  });

  it('waits for an other end that reads, however much there is to read', async (t) => {
    const bounds = { watchAboveBytes: 1_000_000, stallMs: 500, maxQueuedBytes: 1_000_000_000 };
    const { a, b, stream } = await socketLink(t, bounds);
    for (let i = 0; i < 5; i++) {
      stream.pause();
      a.link.write(encodeTopicMessage('topic', Buffer.alloc(50_000_000)));
      await sleep(200);
      stream.resume();
      await b.logs(i + 1);
    }
    assert.deepEqual(a.log, []);
  });

  it('gives up at once when more waits than may at all', async (t) => {
    const bounds = { watchAboveBytes: 1_000_000, stallMs: 60_000, maxQueuedBytes: 2_000_000 };
    const { a, stream } = await socketLink(t, bounds);
    stream.pause();
    await fill(a, 10_000_000);
    assert.deepEqual(a.log, ['stuck']);
    assert.ok(a.link.queuedBytes < 3_000_000, `${a.link.queuedBytes} bytes are queued`);
  });

  it('drops an answer that comes after its question was given up', async (t) => {
    const { a, b } = await socketLink(t);
    let answers = 0;
    b.react = ({ id }) => b.link.answer(id ?? 0, null);
    a.link.ask({ type: 'given up' }, () => answers++).forget();
    await new Promise<void>((resolve) => a.link.ask({ type: 'kept' }, () => resolve()));
    assert.equal(answers, 0);
  });
});
