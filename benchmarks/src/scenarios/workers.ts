import { mergeHistograms, type HistogramSnapshot } from '../histogram.ts';
import { requireAll } from '../load/crew.ts';
import { DATA_BYTES } from '../load/stamp.ts';
import { writtenBy } from '../process-tree.ts';
import { pidsOf } from '../servers/server.ts';
import { latencyMetrics, latencyValues } from './latency-metrics.ts';
import { notSustained, runPhase, runSteady } from './phase.ts';
import type { Bench, Measurement, Scenario } from './scenario.ts';

/** The clients of the second keep places in the other worker; nothing is published to it. */
const CHANNELS = ['bench-workers-0', 'bench-workers-1'];
const RATE = 20;
/** Of the other scenarios' subscribers: what it takes to write to all of them would hide the way between the workers. */
const SHARE = 0.1;
/** Of each kind, in turn: a machine that gets slower meanwhile does so for both. */
const PHASES = 2;
const MOST_PHASES = 5 * PHASES;

type Way = 'same' | 'other';

/** Subscribers in one worker, publishes that come to it or to another: what the way between workers adds. */
export const workers: Scenario = {
  describe: ({ subscribers, durationMs }) =>
    `2 workers, not pinned, ${subscribersOf(subscribers)} subscribers in one of them; ${durationMs / 1000} s each at ${RATE} publishes/s that come to the same, or to the other`,
  metrics: [
    ...latencyMetrics({ prefix: 'same.', label: 'same worker: latency' }),
    ...latencyMetrics({ prefix: 'other.', label: 'other worker: latency' }),
    { key: 'added.p50', label: 'added by the way between them: p50', unit: 'ms' },
  ],
  without: ['bare', 'soketi', 'url'],
  // The primary gives connections to the workers in turn.
  sluice: { workers: 2, scheduling: 'primary' },
  isUnpinned: true,
  subscribers: ({ subscribers }) => 2 * subscribersOf(subscribers),
  async run(bench): Promise<Measurement> {
    const { server, crew, options } = bench;
    const count = 2 * subscribersOf(options.subscribers);
    // One after the other, so that every second client is in the same worker as every second channel is.
    requireAll(await crew.open({ endpoint: server.endpoint, channels: CHANNELS, count, concurrency: 1 }), count);
    const traffic = { channels: CHANNELS, publishers: 1 };
    await runPhase(bench, { ...traffic, rate: null, durationMs: options.warmUpMs });
    const latencies: Record<Way, HistogramSnapshot[]> = { same: [], other: [] };
    // Each phase has a new connection for its publishes, which goes to the next worker.
    for (let phases = 0; phases < MOST_PHASES; phases++) {
      if (latencies.same.length >= PHASES && latencies.other.length >= PHASES) break;
      const seen = await phaseOf(bench, traffic);
      if (seen === null) return { values: {}, notes: [notSustained(RATE)] };
      latencies[seen.way].push(seen.latency);
    }
    if (latencies.same.length === 0 || latencies.other.length === 0) {
      return { values: {}, notes: ['which worker a publish comes to is not known here'] };
    }
    const [same, other] = [mergeHistograms(latencies.same), mergeHistograms(latencies.other)];
    const added = (other.quantile(0.5) - same.quantile(0.5)) / 1000;
    return {
      values: { ...latencyValues(same, 'same.'), ...latencyValues(other, 'other.'), 'added.p50': added },
      notes: [],
    };
  },
};

/** One phase, and where its publishes came to: those for another worker pass through the primary, with all their data. */
async function phaseOf(
  bench: Bench,
  traffic: { readonly channels: readonly string[]; readonly publishers: number },
): Promise<{ readonly way: Way; readonly latency: HistogramSnapshot } | null> {
  const passedOn = (): number => writtenBy(pidsOf([bench.server])).bytes;
  const before = passedOn();
  const phase = await runSteady(bench, { ...traffic, rate: RATE, durationMs: bench.options.durationMs / PHASES });
  if (phase === null) return null;
  const way = passedOn() - before >= phase.accepted * DATA_BYTES ? 'other' : 'same';
  return { way, latency: phase.settled.latency };
}

function subscribersOf(subscribers: number): number {
  return Math.max(1, Math.round(subscribers * SHARE));
}
