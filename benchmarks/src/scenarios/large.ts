import { latencyMetrics, latencyValues } from './latency-metrics.ts';
import { notSustained, openAll, PUBLISHERS, runPhase, runSteady } from './phase.ts';
import { measured, type Scenario } from './scenario.ts';

const CHANNELS = ['bench-large'];
const RATE = 10;

/** One channel with very many subscribers: how long the server does nothing else when it writes to all of them. */
export const large: Scenario = {
  describe: (options) =>
    `${subscribersOf(options)} subscribers on one channel, ${options.durationMs / 1000} s at ${RATE} publishes/s`,
  metrics: [
    { key: 'loopDelay', label: 'event-loop delay p99', unit: 'ms', isCharted: true },
    ...latencyMetrics({ label: 'latency' }),
  ],
  without: ['bare'],
  sluice: { metrics: 'on' },
  subscribers: subscribersOf,
  async run(bench) {
    const { durationMs, warmUpMs } = bench.options;
    const traffic = { channels: CHANNELS, publishers: PUBLISHERS, rate: RATE };
    await openAll(bench, { channels: CHANNELS, count: subscribersOf(bench.options) });
    await runPhase(bench, { ...traffic, durationMs: warmUpMs });
    // The delays are those since the last time they were read.
    await bench.server.loopDelayMs?.();
    const phase = await runSteady(bench, { ...traffic, durationMs });
    if (phase === null) return { values: {}, notes: [notSustained(RATE)] };
    return {
      values: measured({ loopDelay: await bench.server.loopDelayMs?.(), ...latencyValues(phase.latency) }),
      notes: [],
    };
  },
};

function subscribersOf({ subscribers }: { readonly subscribers: number }): number {
  return 10 * subscribers;
}
