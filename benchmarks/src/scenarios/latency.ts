import { latencyMetrics, latencyValues } from './latency-metrics.ts';
import { notSustained, openAll, PUBLISHERS, runPhase, runSteady } from './phase.ts';
import { measured, per, type Scenario } from './scenario.ts';

const CHANNELS = ['bench-latency'];
/** Publishes a second: most of the time nothing else happens; and more than a server has time for that writes each by itself. */
const RATES = [20, 400];

/** Every subscriber on one channel, at rates that do not fill the server: how late a message is. */
export const latency: Scenario = {
  describe: ({ subscribers, durationMs }) =>
    `${subscribers} subscribers on one channel, ${durationMs / 1000} s each at ${RATES.join(' and ')} publishes/s`,
  metrics: RATES.flatMap((rate) => [
    ...latencyMetrics({ prefix: `${rate}.`, label: `${rate}/s: latency` }),
    { key: `${rate}.cpu`, label: `${rate}/s: server CPU per delivery`, unit: 'µs', isCharted: true },
  ]),
  subscribers: (options) => options.subscribers,
  async run(bench) {
    const { subscribers, durationMs, warmUpMs } = bench.options;
    const steady = { channels: CHANNELS, publishers: PUBLISHERS, durationMs };
    await openAll(bench, { channels: CHANNELS, count: subscribers });
    await runPhase(bench, { ...steady, rate: null, durationMs: warmUpMs });
    const values: Record<string, number | undefined> = {};
    for (const rate of RATES) {
      const phase = await runSteady(bench, { ...steady, rate });
      if (phase === null) return { values: measured(values), notes: [notSustained(rate)] };
      Object.assign(values, latencyValues(phase.latency, `${rate}.`));
      values[`${rate}.cpu`] = per(phase.reading.serverCpuMicros, phase.settled.deliveries);
    }
    return { values: measured(values), notes: [] };
  },
};
