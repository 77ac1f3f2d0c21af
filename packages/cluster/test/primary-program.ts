// A node with one worker, for primary.test.ts.
import { fileURLToPath } from 'node:url';
import { Primary } from '../src/primary/primary.ts';
import { LOG, report, serve } from './program-side.ts';

const primary = new Primary({
  workers: 1,
  workerFile: fileURLToPath(new URL('./worker-program.ts', import.meta.url)),
  scheduling: 'primary',
  cache: { maxEvents: 10, maxBytes: 1_000_000 },
  onEvent: () => {},
  settings: null,
  others: null,
  log: LOG,
});

serve({
  start: () =>
    primary.start().then(
      () => ({ error: null }),
      (error: unknown) => ({ error: String(error) }),
    ),
  metrics: async () => {
    const startedAt = performance.now();
    const { snapshots, living, restarts } = await primary.metrics();
    const tookMs = performance.now() - startedAt;
    return { answers: [...snapshots.values()], living: living.size, restarts, tookMs };
  },
  drain: () => primary.drain({ preStopDelayMs: 0, windowMs: 0, gracePeriodMs: 5000 }),
});
report('up');
