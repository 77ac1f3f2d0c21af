import { latencyMetrics, latencyValues } from './latency-metrics.ts';
import { notSustained, openAll, PUBLISHERS, runPhase, runSteady } from './phase.ts';
import type { Scenario } from './scenario.ts';

const CHANNELS = ['bench-slow'];
const RATE = 400;
/** One of so many stops. */
const ONE_OF = 100;

/** Some clients stop to read: what the others notice of it. */
export const slow: Scenario = {
  describe: ({ subscribers, durationMs }) =>
    `${subscribers} subscribers on one channel at ${RATE} publishes/s: ${durationMs / 1000} s while all of them read, and ${durationMs / 1000} s after ${stopping(subscribers)} have stopped to`,
  metrics: [
    ...latencyMetrics({ prefix: 'all.', label: 'all read: latency' }),
    ...latencyMetrics({ prefix: 'others.', label: 'some do not: latency of the others' }),
  ],
  without: ['bare'],
  subscribers: (options) => options.subscribers,
  async run(bench) {
    const { subscribers, durationMs, warmUpMs } = bench.options;
    const traffic = { channels: CHANNELS, publishers: PUBLISHERS, rate: RATE, durationMs };
    await openAll(bench, { channels: CHANNELS, count: subscribers });
    await runPhase(bench, { ...traffic, durationMs: warmUpMs });
    const all = await runSteady(bench, traffic);
    if (all === null) return { values: {}, notes: [notSustained(RATE)] };
    await bench.crew.stopReading(stopping(subscribers));
    // Until then the kernel takes what they do not read, and the server knows nothing of it.
    await runPhase(bench, traffic);
    const values = latencyValues(all.latency, 'all.');
    const others = await runSteady(bench, traffic);
    if (others === null) return { values, notes: [notSustained(RATE)] };
    return { values: { ...values, ...latencyValues(others.latency, 'others.') }, notes: [] };
  },
};

function stopping(subscribers: number): number {
  return Math.max(1, Math.round(subscribers / ONE_OF));
}
