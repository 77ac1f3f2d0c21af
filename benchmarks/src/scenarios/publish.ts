import { BenchmarkFailure } from '../errors.ts';
import { mergeHistograms } from '../histogram.ts';
import { Meter } from '../meter.ts';
import { measured, per, percentOfCore, type Bench, type Measurement, type Scenario } from './scenario.ts';

const CHANNEL = 'bench-nobody';
const CONNECTIONS = 8;

/** Events for a channel that nobody listens to: what the HTTP API costs without any fan-out. */
export const publish: Scenario = {
  name: 'publish',
  describe: ({ durationMs }) =>
    `${CONNECTIONS} keep-alive connections publish to an empty channel for ${durationMs / 1000} s`,
  metrics: [
    { key: 'requests', label: 'requests accepted', unit: '/s' },
    { key: 'refused', label: 'requests refused', unit: '' },
    { key: 'p50', label: 'answer p50', unit: 'ms' },
    { key: 'p99', label: 'answer p99', unit: 'ms' },
    { key: 'cpu', label: 'server CPU per request', unit: 'µs' },
    { key: 'loadBusy', label: 'load generator', unit: '% of a core' },
  ],
  subscribers: () => 0,
  async run(bench: Bench): Promise<Measurement> {
    const { crew, server, options } = bench;
    const load = { endpoint: server.endpoint, channel: CHANNEL, publishers: CONNECTIONS, rate: null };
    await crew.publish({ ...load, durationMs: options.warmUpMs });
    const meter = new Meter(server.pid, crew.pids);
    const published = await crew.publish({ ...load, durationMs: options.durationMs });
    const reading = meter.read();
    const micros = published.endedAtMicros - published.startedAtMicros;
    const accepted = published.accepted.reduce((sum, count) => sum + count, 0);
    if (accepted === 0) throw new BenchmarkFailure('the server accepted no publish');
    const latency = mergeHistograms([published.latency]);
    return {
      values: measured({
        requests: (accepted * 1e6) / micros,
        refused: published.refused,
        p50: latency.quantile(0.5) / 1000,
        p99: latency.quantile(0.99) / 1000,
        cpu: per(reading.serverCpuMicros, accepted),
        loadBusy: percentOfCore(reading.loadCpuMicros, micros),
      }),
      notes: [],
    };
  },
};
