import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { backoffMs } from '../src/backoff.ts';
import type { WebhookApp } from '../src/index.ts';
import { eventsOfCall, type WebhookAnswer, WebhookReceiver, until } from '@sluice/testkit';
import { app, occupied, said, SECRET, start, target, hmac } from './set-up.ts';

const WRONG: readonly WebhookAnswer[] = [500, 404, 301, 429, 'hang', 'reset', 'garbage'];

describe('a call that fails', () => {
  for (const answer of WRONG) {
    it(`is made again, byte for byte: ${answer} (WH-13, WH-15)`, async (t) => {
      const receiver = await WebhookReceiver.start(t);
      receiver.answers.push(answer, answer, answer);
      const webhooks = start(t, app(target(receiver.url)), { requestTimeoutMs: 100 });
      webhooks.emit(said('a', 'ä'));
      webhooks.emit(occupied('later'));
      await until('both events', () => webhooks.counters.sent === 2);
      const [first, ...others] = receiver.calls.slice(0, 4);
      assert.ok(first);
      assert.equal(first.headers['x-pusher-signature'], hmac(SECRET, first.body));
      for (const again of others) {
        assert.equal(again.body, first.body);
        assert.equal(again.url, first.url);
        assert.deepEqual(again.headers, first.headers);
      }
      assert.deepEqual(receiver.told, ['client_event a', 'channel_occupied later']);
      assert.equal(receiver.calls.length, 5);
      assert.equal(webhooks.counters.failedAttempts, 3);
      assert.equal(webhooks.log.find('works again').length, 1);
    });
  }

  it('is made again after growing gaps, and not later than the time for it (WH-13)', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    receiver.answer = 500;
    const retry = { maxElapsedMs: 1500, initialBackoffMs: 50, maxBackoffMs: 400 };
    const url = receiver.url.replace('http://', 'http://user:hidden@');
    const webhooks = start(t, app(target(`${url}?token=hidden`, { headers: { 'X-Token': 'hidden' } })), { retry });
    const startedAt = performance.now();
    webhooks.emit(said('a', 'hidden data'));
    await until('the dead letter', () => webhooks.counters.deadLettered === 1);
    assert.ok(performance.now() - startedAt < 8000);
    const gaps = receiver.calls.map(({ at }, i) => at - (receiver.calls[i - 1]?.at ?? 0)).slice(1);
    for (const [i, gap] of gaps.entries()) {
      const full = Math.min(400, 50 * 2 ** i);
      assert.ok(gap >= full * 0.75 - 2 && gap < full + 500, `gap ${i} was ${gap} ms`);
    }
    assert.ok(gaps.length >= 5, `${gaps.length} gaps`);
    const [line] = webhooks.log.find('given up');
    assert.deepEqual(line?.fields, {
      app: '1001',
      webhook: 0,
      origin: new URL(receiver.url).origin,
      events: ['client_event'],
      count: 1,
      reason: 'status 500',
    });
    const logged = JSON.stringify(webhooks.log.lines);
    for (const secret of ['hidden', SECRET]) assert.ok(!logged.includes(secret));
    assert.equal(webhooks.counters.queued, 0);
    receiver.answer = 200;
    webhooks.emit(occupied('b'));
    await until('the next event', () => webhooks.counters.sent === 1);
    assert.deepEqual(receiver.told, ['channel_occupied b']);
  });

  it('and is given up leaves no trace: the next is tried at once, and the queue has room', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    receiver.answers.push(500, 500, 500);
    const retry = { maxElapsedMs: 50, initialBackoffMs: 60_000, maxBackoffMs: 60_000 };
    const webhooks = start(t, app(target(receiver.url)), { retry, maxQueuedEvents: 1 });
    webhooks.emit(occupied('a'));
    webhooks.emit(occupied('too-many'));
    await until('the dead letter', () => webhooks.counters.deadLettered === 1);
    assert.deepEqual(
      webhooks.log.find('has room').map(({ fields }) => fields['dropped']),
      [1],
    );
    webhooks.emit(occupied('b'));
    await until('another', () => webhooks.counters.deadLettered === 2);
    assert.equal(webhooks.log.find('failed and is tried again').length, 2);
    receiver.answers.length = 0;
    webhooks.emit(occupied('c'));
    await until('the event', () => webhooks.counters.sent === 1);
    assert.equal(webhooks.log.find('works again').length, 0);
  });

  it('waits twice as long each time, up to the maximum, less some jitter', () => {
    const retry = { maxElapsedMs: 300_000, initialBackoffMs: 1000, maxBackoffMs: 60_000 };
    const full = [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000];
    for (const [i, most] of full.entries()) {
      const waits = Array.from({ length: 100 }, () => backoffMs(i + 1, retry));
      assert.ok(waits.every((ms) => ms > most * 0.75 - 1 && ms <= most));
      assert.ok(new Set(waits).size > 50);
    }
    assert.ok(backoffMs(5000, retry) <= 60_000);
  });

  it('is followed by no redirect', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    receiver.answers.push(301);
    const webhooks = start(t, app(target(receiver.url)));
    webhooks.emit(occupied('a'));
    await until('the event', () => webhooks.counters.sent === 1);
    assert.deepEqual(
      receiver.calls.map(({ url, method }) => `${method} ${url}`),
      ['POST /hooks', 'POST /hooks'],
    );
  });

  it('says why', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const { url } = receiver;
    receiver.stop();
    const retry = { maxElapsedMs: 10, initialBackoffMs: 50, maxBackoffMs: 50 };
    const targets = [url, 'http://127.0.0.1:6000/', 'http://does-not-exist.invalid/'].map((one) => target(one));
    const webhooks = start(t, app(...targets), { retry });
    webhooks.emit(occupied('a'));
    await until('the end', () => webhooks.counters.deadLettered === 3);
    const reasons = webhooks.log.find('given up').map(({ fields }) => String(fields['reason']));
    assert.ok(reasons.includes('ECONNREFUSED'), reasons.join());
    assert.ok(reasons.includes('fetch does not call this port'), reasons.join());
    assert.ok(
      reasons.some((reason) => /ENOTFOUND|EAI_AGAIN/.test(reason)),
      reasons.join(),
    );
  });
});

describe('an answer of 200', () => {
  for (const answer of ['endless body', 'long body'] as const) {
    it(`counts whatever comes after: ${answer}`, async (t) => {
      const receiver = await WebhookReceiver.start(t);
      receiver.answer = answer;
      const webhooks = start(t, app(target(receiver.url)), { requestTimeoutMs: 100 });
      webhooks.emit(occupied('a'));
      webhooks.emit(occupied('b'));
      await until('both', () => webhooks.counters.sent === 2);
      assert.equal(webhooks.counters.failedAttempts, 0);
      assert.equal(receiver.calls.length, 2);
    });
  }
});

describe('an endpoint that is down', () => {
  for (const enabled of [false, true]) {
    it(`gets everything once and in order when it is back (batching: ${enabled})`, async (t) => {
      const receiver = await WebhookReceiver.start(t);
      receiver.answer = 'reset';
      const batching = { enabled, durationMs: 10, size: 7 };
      const webhooks = start(t, app(target(receiver.url)), { batching });
      const expected = new Map<string, string[]>();
      for (let i = 0; i < 200; i++) {
        const channel = `c${i % 5}`;
        expected.set(channel, [...(expected.get(channel) ?? []), String(i)]);
        webhooks.emit(said(channel, String(i)));
        if (i % 20 === 0) await sleep(20);
        if (i === 150) receiver.answer = 200;
      }
      await until('all', () => webhooks.counters.sent === 200);
      const got = new Map<string, unknown[]>();
      for (const { channel, data } of receiver.events) got.set(channel, [...(got.get(channel) ?? []), data]);
      assert.deepEqual(got, expected);
      assert.equal(receiver.maxConcurrent, 1);
      assert.ok(webhooks.counters.failedAttempts > 0);
      assert.equal(webhooks.counters.queued, 0);
    });
  }

  it('does not hold up another (WH-19)', async (t) => {
    const [dead, well] = [await WebhookReceiver.start(t), await WebhookReceiver.start(t)];
    dead.answer = 'hang';
    const webhooks = start(t, app(target(dead.url), target(well.url)));
    for (let i = 0; i < 50; i++) webhooks.emit(occupied(`c${i}`));
    await until('the well one', () => webhooks.counters.sent === 50, 1500);
    assert.equal(well.calls.length, 50);
    assert.equal(dead.calls.length, 1);
    assert.equal(webhooks.counters.queued, 50);
  });

  it('is tried once per backoff however much waits, and every event has its whole time', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    receiver.answer = 500;
    const retry = { maxElapsedMs: 300, initialBackoffMs: 10, maxBackoffMs: 100 };
    const webhooks = start(t, app(target(receiver.url)), { retry });
    const startedAt = performance.now();
    for (let i = 0; i < 150; i++) {
      webhooks.emit(occupied(`c${i}`));
      await sleep(10);
    }
    const lastAt = performance.now();
    await until('the end', () => webhooks.counters.deadLettered === 150);
    const tookMs = performance.now() - startedAt;
    assert.ok(performance.now() - lastAt > 180, 'the last event had its time');
    assert.ok(receiver.calls.length < tookMs / 75 + 5, `${receiver.calls.length} calls in ${tookMs} ms`);
    assert.equal(webhooks.counters.failedAttempts, receiver.calls.length);
    assert.equal(webhooks.counters.queued, 0);
  });

  it('gets the events of its last while when it is back after a long time', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    receiver.answer = 500;
    const retry = { maxElapsedMs: 300, initialBackoffMs: 20, maxBackoffMs: 40 };
    const webhooks = start(t, app(target(receiver.url)), { retry });
    for (let i = 0; i < 50; i++) {
      webhooks.emit(said('a', String(i)));
      await sleep(20);
    }
    receiver.answer = 200;
    await until('the end', () => webhooks.counters.queued === 0);
    const data = receiver.events.map((event) => Number(event['data']));
    assert.ok(data.length >= 3 && data.length < 30, `${data.length} were sent`);
    assert.deepEqual(
      data,
      Array.from({ length: data.length }, (_, i) => 50 - data.length + i),
    );
    assert.equal(webhooks.counters.deadLettered + webhooks.counters.sent, 50);
  });

  it('loses only what is too old, however it was batched', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    receiver.answer = 500;
    const webhooks = start(t, app(target(receiver.url)), {
      batching: { enabled: true, durationMs: 5, size: 100 },
      retry: { maxElapsedMs: 400, initialBackoffMs: 50, maxBackoffMs: 50 },
    });
    const startedAt = performance.now();
    let emitted = 0;
    while (performance.now() - startedAt < 900) {
      webhooks.emit(said('a', String(emitted++)));
      await sleep(25);
    }
    const { deadLettered } = webhooks.counters;
    receiver.answer = 200;
    await until('the rest', () => webhooks.counters.queued === 0);
    const got = receiver.events.map(({ data }) => Number(data));
    assert.ok(deadLettered > 0 && got.length >= 8, `${deadLettered} given up, ${got.length} came`);
    const first = emitted - got.length;
    assert.deepEqual(
      got,
      got.map((_, i) => first + i),
    );
  });

  it('that was slow gives what had to wait its retries, too', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    receiver.delayMs = 100;
    const retry = { maxElapsedMs: 300, initialBackoffMs: 20, maxBackoffMs: 20 };
    const webhooks = start(t, app(target(receiver.url)), { retry });
    receiver.answers.push(200, 200, 200, 200, 500);
    for (let i = 0; i < 6; i++) webhooks.emit(occupied(`c${i}`));
    await until('all', () => webhooks.counters.queued === 0);
    assert.equal(webhooks.counters.sent, 6);
    assert.deepEqual(
      eventsOfCall(receiver.calls[5] ?? assert.fail()).map(({ channel }) => channel),
      ['c4'],
    );
  });
});

describe('a call that the endpoint refuses as too large', () => {
  const BATCHING = { enabled: true, durationMs: 60_000, size: 3 };

  it('is made again event by event, and what is refused alone is given up at once', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    receiver.answers.push(413, 200, 413, 200);
    const webhooks = start(t, app(target(receiver.url)), { batching: BATCHING });
    for (const channel of ['a', 'b', 'c', 'd', 'e', 'f']) webhooks.emit(occupied(channel));
    await until('the end', () => webhooks.counters.queued === 0);
    assert.deepEqual(
      receiver.calls.map((call) => eventsOfCall(call).map(({ channel }) => channel)),
      [['a', 'b', 'c'], ['a'], ['b'], ['c'], ['d', 'e', 'f']],
    );
    for (const { body, headers } of receiver.calls) assert.equal(headers['x-pusher-signature'], hmac(SECRET, body));
    assert.deepEqual(webhooks.counters, {
      sent: 5,
      failedAttempts: 2,
      deadLettered: 1,
      dropped: 0,
      queued: 0,
      inherited: 0,
      unsaved: 0,
    });
    assert.deepEqual(
      webhooks.log.find('given up').map(({ fields }) => [fields['count'], fields['reason']]),
      [[1, 'status 413']],
    );
  });

  it('is made event by event even when the first of them fails', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    receiver.answers.push(413, 500, 500);
    const webhooks = start(t, app(target(receiver.url)), { batching: BATCHING });
    for (const channel of ['a', 'b', 'c']) webhooks.emit(occupied(channel));
    await until('all', () => webhooks.counters.sent === 3);
    assert.deepEqual(
      receiver.calls.map((call) =>
        eventsOfCall(call)
          .map(({ channel }) => channel)
          .join(''),
      ),
      ['abc', 'a', 'a', 'a', 'b', 'c'],
    );
  });
});

describe('a fault of ours', () => {
  it('costs the events of one call, and is logged', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    let faults = 1;
    const faulty: WebhookApp = {
      ...app(target(receiver.url)),
      get secret() {
        if (faults-- > 0) throw new Error('a fault');
        return SECRET;
      },
    };
    const webhooks = start(t, faulty, { maxQueuedEvents: 3 });
    for (const channel of ['a', 'b', 'c', 'd']) webhooks.emit(occupied(channel));
    await until('the rest', () => webhooks.counters.queued === 0);
    assert.deepEqual(receiver.told, ['channel_occupied b', 'channel_occupied c']);
    assert.deepEqual(webhooks.counters, {
      sent: 2,
      failedAttempts: 0,
      deadLettered: 0,
      dropped: 2,
      queued: 0,
      inherited: 0,
      unsaved: 0,
    });
    const [line] = webhooks.log.find('have a fault');
    assert.equal(line?.level, 'error');
    assert.equal(line.fields['stage'], 'deliver');
    assert.equal(line.fields['count'], 1);
    assert.match(String(line.fields['error']), /a fault/);
    webhooks.emit(occupied('e'));
    await until('the next', () => webhooks.counters.sent === 3);
  });

  it('that lasts ends when nothing waits any more', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const fault = (): never => {
      throw new Error('a fault');
    };
    let isFaulty = false;
    const monotonic = (): number => (isFaulty ? fault() : performance.now());
    const webhooks = start(t, app(target(receiver.url)), { clock: { now: () => 5, monotonic } });
    for (const channel of ['a', 'b', 'c']) webhooks.emit(occupied(channel));
    isFaulty = true;
    await until('the end', () => webhooks.counters.dropped === 3);
    isFaulty = false;
    assert.deepEqual([webhooks.counters.queued, receiver.calls.length], [0, 0]);
  });
});
