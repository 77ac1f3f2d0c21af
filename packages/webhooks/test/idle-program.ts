// Has a failing call to make again and a channel held, then closes webhooks or just comes to its end.
import { setTimeout as sleep } from 'node:timers/promises';
import { createWebhooks } from '../src/index.ts';
import { app, clock, FakeLog, lambda, occupied, target, vacated } from './set-up.ts';

const [origin = '', step, kind] = process.argv.slice(2);
const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
const one = app(kind === 'lambda' ? lambda({ origin, credentials }) : target(origin));
const webhooks = createWebhooks({
  findApp: () => one,
  batching: { enabled: false, durationMs: 50, size: 100 },
  retry: { maxElapsedMs: 300_000, initialBackoffMs: 60_000, maxBackoffMs: 60_000 },
  requestTimeoutMs: 60_000,
  maxQueuedEvents: 100,
  maxQueuedBytes: 100_000,
  vacatedDelayMs: 60_000,
  ledger: null,
  isThere: () => false,
  log: new FakeLog(),
  clock,
});
webhooks.emit(occupied('a'));
webhooks.emit(vacated('b'));
while (webhooks.counters.failedAttempts === 0) await sleep(10);
if (step === 'close') {
  await webhooks.close();
  await sleep(10);
  const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout');
  process.stdout.write(`${JSON.stringify(timers)}\n`);
}
