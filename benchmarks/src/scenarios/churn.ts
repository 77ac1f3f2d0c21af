import { mergeHistograms } from '../histogram.ts';
import { describeCounts } from '../load/crew.ts';
import { BenchmarkFailure } from '../errors.ts';
import { Meter } from '../meter.ts';
import { pidsOf } from '../servers/server.ts';
import { latencyMetrics, latencyValues } from './latency-metrics.ts';
import { measured, per, type Scenario } from './scenario.ts';

const CHANNELS = Array.from({ length: 20 }, (_, i) => `bench-churn-${String(i).padStart(2, '0')}`);
/** Clients at a time for each subscriber of the other scenarios. */
const SHARE = 0.2;

/** Clients that come, go from channel to channel, and leave: what coming and going costs. */
export const churn: Scenario = {
  describe: ({ subscribers, durationMs }) =>
    `${clientsOf(subscribers)} clients connect, go through four of ${CHANNELS.length} channels, leave and come back, for ${durationMs / 1000} s`,
  metrics: [
    { key: 'subscriptions', label: 'subscriptions', unit: '/s', isCharted: true },
    { key: 'lives', label: 'connections', unit: '/s' },
    ...latencyMetrics({ label: 'time to another subscription' }),
    { key: 'cpu', label: 'server CPU per subscription', unit: 'µs', isCharted: true },
  ],
  without: ['bare'],
  subscribers: ({ subscribers }) => clientsOf(subscribers),
  async run({ crew, server, options }) {
    const load = { endpoint: server.endpoint, channels: CHANNELS, clients: clientsOf(options.subscribers) };
    await crew.churn({ ...load, durationMs: options.warmUpMs });
    const meter = new Meter(pidsOf([server]), crew.pids);
    const churned = await crew.churn({ ...load, durationMs: options.durationMs });
    const reading = meter.read();
    if (churned.errors.size > 0) throw new BenchmarkFailure(`clients gave up: ${describeCounts(churned.errors)}`);
    const seconds = (churned.endedAtMicros - churned.startedAtMicros) / 1e6;
    return {
      values: measured({
        subscriptions: churned.subscriptions / seconds,
        lives: churned.lives / seconds,
        ...latencyValues(mergeHistograms([churned.latency])),
        cpu: per(reading.serverCpuMicros, churned.subscriptions),
      }),
      notes: [],
    };
  },
};

function clientsOf(subscribers: number): number {
  return Math.max(1, Math.round(subscribers * SHARE));
}
