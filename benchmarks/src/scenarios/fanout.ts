import { latencyMetrics, latencyValues } from './latency-metrics.ts';
import { openAll, PUBLISHERS, runPhase } from './phase.ts';
import { measured, per, percentOfCore, type Scenario } from './scenario.ts';

const CHANNELS = ['bench-fanout'];

/** Every subscriber on one channel, and publishers that never wait: what a delivery costs when the server is busy. */
export const fanout: Scenario = {
  describe: ({ subscribers, durationMs }) =>
    `${subscribers} subscribers on one channel, ${durationMs / 1000} s saturated by ${PUBLISHERS} publishers`,
  metrics: [
    { key: 'deliveries', label: 'deliveries', unit: '/s', isCharted: true },
    { key: 'publishes', label: 'publishes accepted', unit: '/s' },
    { key: 'refused', label: 'publishes refused', unit: '' },
    { key: 'cpu', label: 'server CPU per delivery', unit: 'µs', isCharted: true },
    ...latencyMetrics({ label: 'latency' }),
    { key: 'serverBusy', label: 'server', unit: '% of a core' },
    { key: 'loadBusy', label: 'load generator', unit: '% of a core' },
  ],
  subscribers: (options) => options.subscribers,
  async run(bench) {
    const { subscribers, durationMs, warmUpMs } = bench.options;
    const saturated = { channels: CHANNELS, publishers: PUBLISHERS, rate: null };
    await openAll(bench, { channels: CHANNELS, count: subscribers });
    // Code that is compiled and buffers that have grown are not what a run is to show.
    await runPhase(bench, { ...saturated, durationMs: warmUpMs });
    const { published, accepted, settled, latency, reading, seconds } = await runPhase(bench, {
      ...saturated,
      durationMs,
    });
    return {
      values: measured({
        deliveries: settled.deliveries / seconds,
        publishes: (accepted * 1e6) / (published.endedAtMicros - published.startedAtMicros),
        refused: published.refused,
        cpu: per(reading.serverCpuMicros, settled.deliveries),
        ...latencyValues(latency),
        serverBusy: percentOfCore(reading.serverCpuMicros, reading.elapsedMicros),
        loadBusy: percentOfCore(reading.loadCpuMicros, reading.elapsedMicros),
      }),
      notes: [],
    };
  },
};
