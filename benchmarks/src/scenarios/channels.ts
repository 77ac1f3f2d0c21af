import { latencyMetrics, latencyValues } from './latency-metrics.ts';
import { notSustained, openAll, runPhase, runSteady } from './phase.ts';
import { measured, type Scenario } from './scenario.ts';

const COUNT = 50;
/** Of the same length, as the load wants them. */
const CHANNELS = Array.from({ length: COUNT }, (_, i) => `bench-channel-${String(i).padStart(2, '0')}`);
/** Publishes a second over all channels, each rate tried if the one before was sustained. */
const RATES = [50, 100, 200, 400, 1_000, 2_000] as const;

/** Many channels, a rising rate: how late messages are, and up to which rate the server keeps pace. */
export const channels: Scenario = {
  describe: ({ subscribers, durationMs }) =>
    `${COUNT} channels with ${perChannel(subscribers)} subscribers each, ${durationMs / 1000} s at each rate that is sustained`,
  metrics: [
    { key: 'sustained', label: 'highest rate sustained: publishes', unit: '/s', isCharted: true },
    ...RATES.flatMap((rate) => latencyMetrics({ prefix: `${rate}.`, label: `${rate}/s: latency`, charted: ['p99'] })),
  ],
  subscribers: (options) => perChannel(options.subscribers) * COUNT,
  async run(bench) {
    const { durationMs, warmUpMs, subscribers } = bench.options;
    await openAll(bench, { channels: CHANNELS, count: perChannel(subscribers) * COUNT });
    // One publisher a channel: a message has its order among those of its channel.
    const steady = { channels: CHANNELS, publishers: COUNT };
    await runPhase(bench, { ...steady, rate: RATES[0], durationMs: warmUpMs });
    const values: Record<string, number | undefined> = {};
    for (const rate of RATES) {
      const phase = await runSteady(bench, { ...steady, rate, durationMs });
      if (phase === null) return { values: measured(values), notes: [notSustained(rate)] };
      values['sustained'] = rate;
      Object.assign(values, latencyValues(phase.latency, `${rate}.`));
    }
    return { values: measured(values), notes: [] };
  },
};

/** A fifth of those of one channel, so that the whole is ten times as many. */
function perChannel(subscribers: number): number {
  return Math.max(1, Math.round(subscribers / 5));
}
