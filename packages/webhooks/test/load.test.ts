import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventsOfCall, WebhookReceiver, until } from '@sluice/testkit';
import { EventQueue, type QueuedEvent } from '../src/event-queue.ts';
import type { WebhookApp } from '../src/index.ts';
import { app, assertInOrder, occupied, removed, said, SECRET, start, target, vacated } from './set-up.ts';

const BATCHING = { enabled: true, durationMs: 10, size: 100 };

describe('many events', () => {
  for (const enabled of [false, true]) {
    it(`arrive once and in order, and cost the caller little: 10,000 in a second (batching: ${enabled})`, async (t) => {
      const receiver = await WebhookReceiver.start(t);
      const webhooks = start(t, app(target(receiver.url)), { batching: { ...BATCHING, enabled } });
      const begunAt = performance.now();
      let emittingMs = 0;
      for (let i = 0; i < 100; i++) {
        const startedAt = performance.now();
        for (let j = 0; j < 100; j++) webhooks.emit(said(`c${j}`, String(i)));
        emittingMs += performance.now() - startedAt;
        await sleep(10);
      }
      await until('all', () => webhooks.counters.sent === 10_000, 30_000);
      // fetch may open another while it still takes leave of an answer.
      assert.ok(receiver.connections < 10, `${receiver.connections} connections`);
      t.diagnostic(
        `emit took ${(emittingMs / 10).toFixed(1)} µs an event; ${receiver.calls.length} calls on ${receiver.connections} connections, all there after ${Math.round(performance.now() - begunAt)} ms`,
      );
      assert.ok(emittingMs < 1000);
      assertInOrder(receiver, 10_000);
      assert.equal(receiver.maxConcurrent, 1);
    });
  }

  it('over the bound are dropped, newest first, counted, and logged once per overflow (WH-23)', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    receiver.answer = 'hang';
    const webhooks = start(t, app(target(receiver.url)), { maxQueuedEvents: 10, requestTimeoutMs: 300 });
    for (let i = 0; i < 25; i++) webhooks.emit(said('a', String(i)));
    await until('the call', () => receiver.calls.length === 1);
    const startedAt = performance.now();
    for (let i = 25; i < 1000; i++) webhooks.emit(said('a', String(i)));
    assert.ok(performance.now() - startedAt < 250, 'nothing waits in emit');
    assert.equal(webhooks.counters.dropped, 990);
    assert.equal(webhooks.counters.queued, 10);
    receiver.answer = 200;
    await until('the ten', () => webhooks.counters.sent === 10);
    assert.deepEqual(
      receiver.events.map((event) => event['data']),
      Array.from({ length: 10 }, (_, i) => String(i)),
    );
    assert.equal(webhooks.log.find('is full').length, 1);
    assert.deepEqual(
      webhooks.log.find('has room').map(({ fields }) => fields['dropped']),
      [990],
    );
    receiver.answer = 'hang';
    for (let i = 0; i < 12; i++) webhooks.emit(said('a', String(i)));
    assert.equal(webhooks.log.find('is full').length, 2);
  });
});

describe('many bytes', () => {
  const data = 'x'.repeat(10_000);

  it('are spread over calls that receivers take, in order, and a large event goes alone', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const webhooks = start(t, app(target(receiver.url)), { batching: { enabled: true, durationMs: 20, size: 100 } });
    const names = Array.from({ length: 20 }, (_, i) => `c${i}`);
    for (const name of names) webhooks.emit(said(name, data));
    webhooks.emit(said('large', 'y'.repeat(200_000)));
    webhooks.emit(said('last', data));
    await until('all', () => webhooks.counters.sent === 22);
    assert.deepEqual(
      receiver.events.map(({ channel }) => channel),
      [...names, 'large', 'last'],
    );
    const sizes = receiver.calls.map(({ body }) => body.length);
    assert.equal(sizes.filter((size) => size > 66_000).length, 1);
    assert.ok(sizes.length <= 7, `${sizes.length} calls`);
  });

  it('fill a queue as many events do', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    receiver.answer = 'hang';
    const webhooks = start(t, app(target(receiver.url)), { maxQueuedBytes: 50_000 });
    webhooks.emit(said('a', data));
    await until('a call on the way, which counts', () => receiver.calls.length === 1);
    for (let i = 1; i < 10; i++) webhooks.emit(said('a', data));
    assert.equal(webhooks.counters.queued, 5);
    assert.equal(webhooks.counters.dropped, 5);
    assert.equal(webhooks.log.find('is full').length, 1);
  });
});

describe('a queue', () => {
  const event = (bytes: number): QueuedEvent => ({
    type: 'cache_miss',
    text: '',
    bytes,
    timeMs: 0,
    at: 0,
    entry: null,
  });

  it('is first in, first out, and knows its bytes', () => {
    const queue = new EventQueue();
    const bytesOf = (events: readonly QueuedEvent[]): number[] => events.map(({ bytes }) => bytes);
    for (let i = 1; i <= 5000; i++) queue.push(event(i));
    assert.deepEqual(bytesOf(queue.take(2, 1000)), [1, 2]);
    const four = queue.take(9, 7);
    assert.deepEqual(bytesOf(four), [3, 4]);
    assert.deepEqual(bytesOf(queue.take(9, 1)), [5]);
    queue.putBack(four);
    assert.equal(queue.bytes, (5000 * 5001) / 2 - 1 - 2 - 5);
    assert.deepEqual(bytesOf(queue.takeWhile(({ bytes }) => bytes < 7)), [3, 4, 6]);
    assert.equal(queue.first?.bytes, 7);
    assert.equal(queue.takeAll().length, 4994);
    assert.deepEqual([queue.size, queue.bytes, queue.first], [0, 0, undefined]);
  });

  it('keeps its order however many are put back', () => {
    const queue = new EventQueue();
    for (let i = 0; i < 500_000; i++) queue.push(event(i));
    assert.equal(queue.takeWhere(({ bytes }) => bytes % 2 === 1).length, 250_000);
    assert.deepEqual([queue.size, queue.bytes], [250_000, 249_999 * 250_000]);
    assert.deepEqual(
      queue.take(3, Infinity).map(({ bytes }) => bytes),
      [0, 2, 4],
    );
  });
});

describe('a flush', () => {
  it('sends what waits for a batch, and what is held', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const webhooks = start(t, app(target(receiver.url)), {
      batching: { ...BATCHING, durationMs: 60_000 },
      vacatedDelayMs: 60_000,
    });
    webhooks.emit(occupied('a'));
    webhooks.emit(removed('presence-b', '1'));
    webhooks.emit(vacated('b'));
    const startedAt = performance.now();
    await webhooks.flush(5000);
    assert.ok(performance.now() - startedAt < 4000);
    assert.deepEqual(receiver.told, ['channel_occupied a', 'member_removed presence-b', 'channel_vacated b']);
    webhooks.emit(occupied('later'));
    await sleep(50);
    assert.equal(webhooks.counters.queued, 1, 'batches are collected again');
  });

  it('does not let batches of new endpoints fill either', async (t) => {
    const [slow, late] = [await WebhookReceiver.start(t), await WebhookReceiver.start(t)];
    slow.answer = 'hang';
    const other = { ...app(target(late.url)), id: '2' };
    const webhooks = start(t, [app(target(slow.url)), other], { batching: { ...BATCHING, durationMs: 60_000 } });
    webhooks.emit(occupied('a'));
    const flushed = webhooks.flush(60_000);
    webhooks.emit({ ...occupied('b'), appId: '2' });
    await until('the other', () => late.calls.length === 1);
    void webhooks.close();
    await flushed;
  });

  it('does not wait for what cannot be sent in time', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    receiver.answer = 500;
    const retry = { maxElapsedMs: 300_000, initialBackoffMs: 60_000, maxBackoffMs: 60_000 };
    const webhooks = start(t, app(target(receiver.url)), { retry });
    webhooks.emit(occupied('b'));
    await until('the first try', () => webhooks.counters.failedAttempts === 1);
    const startedAt = performance.now();
    await webhooks.flush(10_000);
    assert.ok(performance.now() - startedAt < 5000);
    assert.equal(receiver.calls.length, 2, 'it was tried once more');
    receiver.answer = 200;
    await webhooks.flush(10_000);
    assert.deepEqual(receiver.told, ['channel_occupied b']);
  });

  it('is over at its deadline, and at once when there is nothing', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    receiver.answer = 'hang';
    const webhooks = start(t, app(target(receiver.url)));
    await webhooks.flush(60_000);
    webhooks.emit(occupied('a'));
    const startedAt = performance.now();
    await webhooks.flush(100);
    const tookMs = performance.now() - startedAt;
    assert.ok(tookMs >= 95 && tookMs < 5000, `took ${tookMs} ms`);
  });

  it('ends with a close', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    receiver.answer = 'hang';
    const webhooks = start(t, app(target(receiver.url)));
    webhooks.emit(occupied('a'));
    const flushed = webhooks.flush(60_000);
    await until('the call', () => receiver.calls.length === 1);
    void webhooks.close();
    await flushed;
  });
});

describe('a close', () => {
  it('drops, counts and logs what was not sent, and nothing is sent afterwards', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    receiver.answer = 'hang';
    const webhooks = start(t, app(target(receiver.url)));
    for (const channel of ['a', 'b', 'c']) webhooks.emit(occupied(channel));
    webhooks.emit(vacated('d'));
    await until('the call', () => receiver.calls.length === 1);
    void webhooks.close();
    webhooks.emit(occupied('e'));
    await webhooks.flush(1000);
    await sleep(150);
    assert.equal(receiver.calls.length, 1);
    assert.deepEqual(webhooks.counters, {
      sent: 0,
      failedAttempts: 0,
      deadLettered: 0,
      dropped: 4,
      queued: 0,
      inherited: 0,
      unsaved: 0,
    });
    assert.deepEqual(
      webhooks.log.find('not sent').map(({ fields }) => fields['count']),
      [4],
    );
  });

  for (const kind of ['http', 'lambda']) {
    it(`leaves no timer, and no timer keeps a process alive: ${kind}`, async (t) => {
      const receiver = await WebhookReceiver.start(t);
      receiver.answer = 500;
      const program = new URL('idle-program.ts', import.meta.url).pathname;
      for (const step of ['close', 'leave']) {
        const startedAt = performance.now();
        const args = ['--conditions=@sluice/source', '--no-warnings', program, receiver.origin, step, kind];
        const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
        const out: Buffer[] = [];
        child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
        const [code] = (await once(child, 'close')) as [number | null];
        assert.equal(code, 0);
        assert.equal(Buffer.concat(out).toString().trim(), step === 'close' ? '[]' : '');
        assert.ok(performance.now() - startedAt < 15_000, 'it did not wait for the next try');
      }
      const invocations = receiver.calls.filter(({ url }) => url.endsWith('/invocations'));
      assert.deepEqual([receiver.calls.length, invocations.length], [2, kind === 'lambda' ? 2 : 0]);
    });
  }
});

describe('an app that changes', () => {
  it('keeps the queues of targets that stay, and signs new calls with the new key', async (t) => {
    const [stays, goes] = [await WebhookReceiver.start(t), await WebhookReceiver.start(t)];
    stays.answer = 500;
    goes.answer = 500;
    const apps = new Map<string, WebhookApp>([['1001', app(target(stays.url), target(goes.url))]]);
    const webhooks = start(t, (id) => apps.get(id));
    webhooks.emit(occupied('a'));
    webhooks.emit(occupied('b'));
    await until('both', () => stays.calls.length > 0 && goes.calls.length > 0);
    apps.set('1001', { ...app(target(stays.url)), key: 'new-key', secret: 'new-secret' });
    webhooks.emit(occupied('c'));
    stays.answer = 200;
    goes.answer = 200;
    await until('all', () => webhooks.counters.queued === 0);
    assert.deepEqual(
      stays.events.map(({ channel }) => channel),
      ['a', 'b', 'c'],
    );
    assert.deepEqual(
      goes.events.map(({ channel }) => channel),
      ['a', 'b'],
    );
    assert.deepEqual(
      stays.accepted.map(({ headers }) => headers['x-pusher-key'] === 'new-key'),
      [false, true, true],
    );
    apps.delete('1001');
    webhooks.emit(occupied('d'));
    await webhooks.flush(100);
    assert.equal(stays.accepted.length, 3);
  });

  for (const change of ['has another target', 'has no target any more', 'is no more'] as const) {
    it(`and ${change} still has sent at a flush what waits for the old one`, async (t) => {
      const [goes, comes] = [await WebhookReceiver.start(t), await WebhookReceiver.start(t)];
      goes.answers.push(500);
      let found: WebhookApp | undefined = app(target(goes.url));
      const retry = { maxElapsedMs: 300_000, initialBackoffMs: 60_000, maxBackoffMs: 60_000 };
      const webhooks = start(t, () => found, { retry });
      webhooks.emit(occupied('a'));
      await until('the first try', () => webhooks.counters.failedAttempts === 1);
      if (change === 'has another target') found = app(target(comes.url));
      else found = change === 'is no more' ? undefined : app();
      webhooks.emit(occupied('b'));
      await webhooks.flush(10_000);
      assert.deepEqual(goes.told, ['channel_occupied a']);
      assert.deepEqual(comes.told, change === 'has another target' ? ['channel_occupied b'] : []);
    });
  }

  it('is looked up once per event, which its pattern sees once', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const filter = { prefix: null, suffix: null, pattern: 'a$' };
    const one = app(target(receiver.url, { filter }));
    let lookups = 0;
    const webhooks = start(t, () => (lookups++, one));
    const tests = t.mock.method(RegExp.prototype, 'test').mock;
    const matches = (): number => tests.calls.filter((call) => (call.this as RegExp).source === 'a$').length;
    webhooks.emit(occupied('a'));
    webhooks.emit(occupied('b'));
    assert.deepEqual([lookups, matches(), webhooks.counters.queued], [2, 2, 1]);
  });

  it('may have one target twice', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const webhooks = start(t, app(target(receiver.url), target(receiver.url)));
    webhooks.emit(occupied('a'));
    await until('both', () => webhooks.counters.sent === 2);
    assert.deepEqual(
      receiver.calls.map((call) => eventsOfCall(call)[0]?.channel),
      ['a', 'a'],
    );
    assert.ok(!JSON.stringify(webhooks.log.lines).includes(SECRET));
  });
});
