import { mergeHistograms } from '../histogram.ts';
import { acceptedIn } from '../load/crew.ts';
import { Meter } from '../meter.ts';
import { pidsOf } from '../servers/server.ts';
import { latencyMetrics, latencyValues } from './latency-metrics.ts';
import { measured, per, percentOfCore, type Bench, type Measurement, type Scenario } from './scenario.ts';

const CHANNELS = ['bench-nobody'];
const CONNECTIONS = 8;

/** Events for a channel that nobody listens to: what the HTTP API costs without any fan-out. */
export const publish: Scenario = {
  describe: ({ durationMs }) =>
    `${CONNECTIONS} keep-alive connections publish to an empty channel for ${durationMs / 1000} s`,
  metrics: [
    { key: 'requests', label: 'requests accepted', unit: '/s', isCharted: true },
    { key: 'refused', label: 'requests refused', unit: '' },
    ...latencyMetrics({ label: 'answer' }),
    { key: 'cpu', label: 'server CPU per accepted request', unit: 'µs', isCharted: true },
    { key: 'loadBusy', label: 'load generator', unit: '% of a core' },
  ],
  subscribers: () => 0,
  async run(bench: Bench): Promise<Measurement> {
    const { crew, server, options } = bench;
    const load = { endpoints: [server.endpoint], channels: CHANNELS, publishers: CONNECTIONS, rate: null };
    await crew.publish({ ...load, durationMs: options.warmUpMs });
    const meter = new Meter(pidsOf([server]), crew.pids);
    const published = await crew.publish({ ...load, durationMs: options.durationMs });
    const reading = meter.read();
    const micros = published.endedAtMicros - published.startedAtMicros;
    const accepted = acceptedIn(published);
    return {
      values: measured({
        requests: (accepted * 1e6) / micros,
        refused: published.refused,
        ...latencyValues(mergeHistograms([published.latency])),
        cpu: per(reading.serverCpuMicros, accepted),
        loadBusy: percentOfCore(reading.loadCpuMicros, reading.elapsedMicros),
      }),
      notes: [],
    };
  },
};
