import { BenchmarkFailure } from '../errors.ts';
import { mergeHistograms, type Histogram } from '../histogram.ts';
import { acceptedIn, describeCounts, requireAll } from '../load/crew.ts';
import type { Published, Settled } from '../load/messages.ts';
import { Meter, type Reading } from '../meter.ts';
import { latencyMetrics, latencyValues } from './latency.ts';
import { measured, per, percentOfCore, type Bench, type Measurement, type Scenario } from './scenario.ts';

const CHANNEL = 'bench-fanout';
const PUBLISHERS = 8;
const HANDSHAKES_AT_A_TIME = 100;

interface Phase {
  readonly published: Published;
  readonly accepted: number;
  readonly settled: Settled;
  readonly latency: Histogram;
  readonly reading: Reading;
  /** From the first publish until the last delivery: the queues are empty, so nothing is owed. */
  readonly seconds: number;
}

/** Every subscriber on one channel: what a delivery costs, and how late it is. */
export const fanout: Scenario = {
  describe: ({ subscribers, rate, durationMs }) =>
    [
      `${subscribers} subscribers on one channel`,
      `${durationMs / 1000} s saturated by ${PUBLISHERS} publishers`,
      `${durationMs / 1000} s at ${rate} publishes/s`,
    ].join(', '),
  metrics: [
    { key: 'saturated.deliveries', label: 'saturated: deliveries', unit: '/s' },
    { key: 'saturated.publishes', label: 'saturated: publishes accepted', unit: '/s' },
    { key: 'saturated.refused', label: 'saturated: publishes refused', unit: '' },
    { key: 'saturated.cpu', label: 'saturated: server CPU per delivery', unit: 'µs' },
    ...latencyMetrics({ prefix: 'saturated.', label: 'saturated: latency' }),
    { key: 'saturated.serverBusy', label: 'saturated: server', unit: '% of a core' },
    { key: 'saturated.loadBusy', label: 'saturated: load generator', unit: '% of a core' },
    ...latencyMetrics({ prefix: 'steady.', label: 'steady: latency' }),
    { key: 'steady.cpu', label: 'steady: server CPU per delivery', unit: 'µs' },
  ],
  subscribers: (options) => options.subscribers,
  async run(bench: Bench): Promise<Measurement> {
    const { crew, server, options } = bench;
    const { subscribers, durationMs, warmUpMs, rate } = options;
    const opened = await crew.open({
      endpoint: server.endpoint,
      channel: CHANNEL,
      count: subscribers,
      concurrency: HANDSHAKES_AT_A_TIME,
    });
    requireAll(opened, subscribers);
    // Code that is compiled and buffers that have grown are not what a run is to show.
    await runPhase(bench, { durationMs: warmUpMs, rate: null });
    const saturated = await runPhase(bench, { durationMs, rate: null });
    bench.progress(`saturated: ${Math.round(saturated.settled.deliveries / saturated.seconds)} deliveries/s`);
    const steady = await runPhase(bench, { durationMs, rate });
    const busy = saturated.reading;
    return {
      values: measured({
        'saturated.deliveries': saturated.settled.deliveries / saturated.seconds,
        'saturated.publishes':
          (saturated.accepted * 1e6) / (saturated.published.endedAtMicros - saturated.published.startedAtMicros),
        'saturated.refused': saturated.published.refused,
        'saturated.cpu': per(busy.serverCpuMicros, saturated.settled.deliveries),
        ...latencyValues(saturated.latency, 'saturated.'),
        'saturated.serverBusy': percentOfCore(busy.serverCpuMicros, busy.elapsedMicros),
        'saturated.loadBusy': percentOfCore(busy.loadCpuMicros, busy.elapsedMicros),
        ...latencyValues(steady.latency, 'steady.'),
        'steady.cpu': per(steady.reading.serverCpuMicros, steady.settled.deliveries),
      }),
      notes: [],
    };
  },
};

async function runPhase(bench: Bench, pace: { durationMs: number; rate: number | null }): Promise<Phase> {
  const { crew, server } = bench;
  await crew.reset(PUBLISHERS);
  const meter = new Meter(server.pid, crew.pids);
  const published = await crew.publish({
    endpoint: server.endpoint,
    channel: CHANNEL,
    publishers: PUBLISHERS,
    ...pace,
  });
  const accepted = acceptedIn(published);
  const settled = await crew.settle(published.accepted);
  const reading = meter.read();
  requireExactlyOnce(bench, { accepted, settled });
  const seconds = (settled.lastAtMicros - published.startedAtMicros) / 1e6;
  return { published, accepted, settled, latency: mergeHistograms([settled.latency]), reading, seconds };
}

/** A server that is fast because it loses messages is not fast. */
function requireExactlyOnce(bench: Bench, { accepted, settled }: { accepted: number; settled: Settled }): void {
  const { subscribers } = bench.options;
  const { deliveries, skipped, repeated, missing, surplus, foreign, ended } = settled;
  const wrong = skipped + repeated + missing + surplus + foreign + ended.size;
  if (wrong === 0 && deliveries === accepted * subscribers) return;
  throw new BenchmarkFailure(
    [
      `not every subscriber got every message once and in order: ${accepted} accepted, ${subscribers} subscribers,`,
      `${deliveries} deliveries instead of ${accepted * subscribers}; ${skipped} skipped, ${missing} missing at the end,`,
      `${repeated} doubled or out of order, ${surplus} beyond the accepted, ${foreign} other frames;`,
      `connections ended by the server: ${describeCounts(ended) || 'none'}`,
    ].join(' '),
  );
}
