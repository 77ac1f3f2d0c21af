import { growthPerConnection } from '../meter.ts';
import { latencyMetrics, latencyValues } from './latency-metrics.ts';
import { openAll, runPhase } from './phase.ts';
import { restingBytes } from './resting.ts';
import { measured, type Scenario } from './scenario.ts';

/** Subscribers of each channel; one of the channels is published to. */
const EACH = 1_000;
const RATE = 1;

/** Very many clients, of whom a few hear something now and then: whether all stay, and what they cost. */
export const crowd: Scenario = {
  describe: ({ idle, durationMs }) =>
    `${idle} clients in channels of ${EACH}, ${RATE} publish/s to one of them for ${durationMs / 1000} s; nobody may be lost`,
  metrics: [
    { key: 'rss', label: 'server memory per connection', unit: 'KiB', isCharted: true },
    ...latencyMetrics({ label: 'latency' }),
    { key: 'cpu', label: 'server', unit: '% of a core' },
  ],
  without: ['bare', 'soketi'],
  subscribers: (options) => options.idle,
  async run(bench) {
    const { idle, durationMs } = bench.options;
    const channels = Array.from({ length: Math.max(1, Math.floor(idle / EACH)) }, (_, i) => `bench-crowd-${i}`);
    const [news = ''] = channels;
    const before = await restingBytes(bench);
    await openAll(bench, { channels, count: idle });
    bench.progress(`${idle} clients are connected and subscribed`);
    const after = await restingBytes(bench);
    // Throws if a client was cut off or missed a message.
    const phase = await runPhase(bench, { channels: [news], publishers: 1, rate: RATE, durationMs });
    return {
      values: measured({
        rss: growthPerConnection({ before, after }, idle),
        ...latencyValues(phase.latency),
        cpu:
          phase.reading.serverCpuMicros === undefined ? undefined : phase.reading.serverCpuMicros / phase.seconds / 1e4,
      }),
      notes: [],
    };
  },
};
