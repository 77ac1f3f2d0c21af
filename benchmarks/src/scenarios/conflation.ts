import { latencyMetrics, latencyValues } from './latency-metrics.ts';
import { notSustained, openAll, runSteady } from './phase.ts';
import { measured, percentOfCore, type Scenario } from './scenario.ts';

const CHANNELS = ['bench-conflation'];
const INTERVAL_MS = 100;
const KEYS = 10;
const RATE = 1_000;

/** A stream that is faster than anybody wants it: how much of it is sent, and how late the newest values are. */
export const conflation: Scenario = {
  describe: ({ subscribers, durationMs }) =>
    `${subscribers} subscribers on one channel that conflates to ${INTERVAL_MS} ms, ${durationMs / 1000} s at ${RATE} updates/s of ${KEYS} keys`,
  metrics: [
    { key: 'deliveries', label: 'deliveries to each subscriber', unit: '/s', isCharted: true },
    ...latencyMetrics({ label: 'age of what is delivered' }),
    { key: 'last', label: 'last values of all keys, after the end', unit: 'ms', isCharted: true },
    { key: 'cpu', label: 'server', unit: '% of a core' },
  ],
  without: ['bare', 'soketi', 'url'],
  sluice: { env: { DELTA_COMPRESSION_CONFLATION_INTERVAL_MS: String(INTERVAL_MS) } },
  subscribers: ({ subscribers }) => subscribers,
  async run(bench) {
    const { subscribers, durationMs, warmUpMs } = bench.options;
    await openAll(bench, { channels: CHANNELS, count: subscribers });
    // Each publisher has a key of its own, and so the last message of each has to come.
    const traffic = {
      channels: CHANNELS,
      publishers: KEYS,
      rate: RATE,
      content: { kind: 'keyed' },
      isConflated: true,
    } as const;
    await runSteady(bench, { ...traffic, durationMs: warmUpMs });
    const phase = await runSteady(bench, { ...traffic, durationMs });
    if (phase === null) return { values: {}, notes: [notSustained(RATE)] };
    const { settled, seconds, published, latency, reading } = phase;
    return {
      values: measured({
        deliveries: settled.deliveries / subscribers / seconds,
        ...latencyValues(latency),
        last: (settled.lastAtMicros - published.endedAtMicros) / 1000,
        cpu: percentOfCore(reading.serverCpuMicros, reading.elapsedMicros),
      }),
      notes: [],
    };
  },
};
