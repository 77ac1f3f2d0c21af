import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until, type WebhookAnswer, WebhookReceiver } from '@sluice/testkit';
import { app, assertInOrder, said, start, target } from './set-up.ts';

/** The defaults, and 20 s of trouble, at a tenth of their times. */
const DOWN_MS = 2000;
const TIMES = {
  retry: { maxElapsedMs: 30_000, initialBackoffMs: 100, maxBackoffMs: 6000 },
  requestTimeoutMs: 1000,
  batching: { enabled: true, durationMs: 5, size: 100 },
};

const TROUBLES: Readonly<Record<string, WebhookAnswer | 'refuse'>> = {
  'answers 500': 500,
  'answers garbage': 'garbage',
  redirects: 301,
  hangs: 'hang',
  refuses: 'refuse',
};

describe('an endpoint in trouble for 20 s (2 s here, with all other times)', { concurrency: true }, () => {
  for (const [trouble, answer] of Object.entries(TROUBLES)) {
    it(`gets everything afterwards, once and in order, and another endpoint notices nothing: ${trouble}`, async (t) => {
      const [ill, well] = [await WebhookReceiver.start(t), await WebhookReceiver.start(t)];
      if (answer === 'refuse') ill.stop();
      else ill.answer = answer;
      const webhooks = start(t, app(target(ill.url), target(well.url)), TIMES);
      const startedAt = performance.now();
      for (let i = 0; i < 100; i++) {
        for (let j = 0; j < 10; j++) webhooks.emit(said(`c${j}`, String(i)));
        await sleep(10);
      }
      await until('the other', () => well.events.length === 1000);
      assertInOrder(well, 1000);
      assert.equal(ill.events.length, 0);
      await sleep(startedAt + DOWN_MS - performance.now());
      if (answer === 'refuse') await ill.resume();
      else ill.answer = 200;
      await until('all', () => webhooks.counters.queued === 0, 10_000);
      assertInOrder(ill, 1000);
      assert.deepEqual([webhooks.counters.sent, webhooks.counters.deadLettered], [2000, 0]);
      assert.ok(webhooks.counters.failedAttempts > 1);
    });
  }
});

describe('an endpoint where every fifth call fails', () => {
  it('gets 10,000 events of a second once each and in order', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const retry = { ...TIMES.retry, initialBackoffMs: 10 };
    const webhooks = start(t, app(target(receiver.url)), { ...TIMES, retry });
    for (let i = 0; i < 100; i++) {
      receiver.answers.push(200, 200, 200, 200, i % 2 === 0 ? 500 : 'reset');
      for (let j = 0; j < 100; j++) webhooks.emit(said(`c${j}`, String(i)));
      await sleep(10);
    }
    await until('all', () => webhooks.counters.queued === 0, 30_000);
    assertInOrder(receiver, 10_000);
    assert.equal(receiver.maxConcurrent, 1);
    assert.ok(webhooks.counters.failedAttempts >= 20, `${webhooks.counters.failedAttempts} failed`);
  });
});
