import { latencyMetrics, latencyValues } from './latency-metrics.ts';
import { notSustained, openAll, PUBLISHERS, runPhase, runSteady } from './phase.ts';
import { measured, per, type Scenario } from './scenario.ts';

const CHANNELS = ['bench-latency'];
/** More than a server has time for that writes each by itself. */
const BUSY = { rate: 400, longer: 1 };
/** Most of the time nothing else happens. The p99 of 80 publishes, each a thousand deliveries, would be that of the slowest one. */
const CALM = { rate: 20, longer: 4 };
const PHASES = [CALM, BUSY];

/** Every subscriber on one channel, at rates that do not fill the server: how late a message is. */
export const latency: Scenario = {
  describe: ({ subscribers, durationMs }) =>
    `${subscribers} subscribers on one channel, ${PHASES.map(({ rate, longer }) => `${(longer * durationMs) / 1000} s at ${rate}`).join(' and ')} publishes/s`,
  metrics: PHASES.flatMap(({ rate }) => [
    ...latencyMetrics({ prefix: `${rate}.`, label: `${rate}/s: latency` }),
    { key: `${rate}.cpu`, label: `${rate}/s: server CPU per delivery`, unit: 'µs', isCharted: true },
  ]),
  subscribers: (options) => options.subscribers,
  async run(bench) {
    const { subscribers, durationMs, warmUpMs } = bench.options;
    const steady = { channels: CHANNELS, publishers: PUBLISHERS };
    await openAll(bench, { channels: CHANNELS, count: subscribers });
    await runPhase(bench, { ...steady, rate: null, durationMs: warmUpMs });
    const values: Record<string, number | undefined> = {};
    for (const { rate, longer } of PHASES) {
      const phase = await runSteady(bench, { ...steady, rate, durationMs: longer * durationMs });
      if (phase === null) return { values: measured(values), notes: [notSustained(rate)] };
      Object.assign(values, latencyValues(phase.latency, `${rate}.`));
      values[`${rate}.cpu`] = per(phase.reading.serverCpuMicros, phase.settled.deliveries);
    }
    return { values: measured(values), notes: [] };
  },
};
