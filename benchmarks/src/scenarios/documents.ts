import { BenchmarkFailure } from '../errors.ts';
import type { TraceName } from '../load/trace.ts';
import { Counters } from './counters.ts';
import { notSustained, openAll, runSteady } from './phase.ts';
import { measured, percentOfCore, type Bench, type Scenario } from './scenario.ts';

const CHANNELS = { fossil: 'bench-documents-fossil', xdelta3: 'bench-documents-xdelta3' };
const ALGORITHMS = ['fossil', 'xdelta3'] as const;
const SIZES = ['10k', '100k'] as const;
const RATE = 50;
/** Of the other scenarios' subscribers: what they get in full is long. */
const SHARE = 0.1;
const DECODING = 2;

/** Long documents with small edits: what making deltas of them does to the server's other work. */
export const documents: Scenario = {
  describe: ({ subscribers, durationMs }) =>
    `documents of ${SIZES.join(' and ')} bytes with small edits to ${subscribersOf(subscribers)} subscribers, ${durationMs / 1000} s each at ${RATE} publishes/s, by both algorithms`,
  metrics: SIZES.flatMap((size) =>
    ALGORITHMS.flatMap((algorithm) => {
      const [prefix, label] = [`${size}.${algorithm}.`, `${size}, ${algorithm}:`];
      return [
        { key: `${prefix}loopDelay`, label: `${label} event-loop delay p99`, unit: 'ms', isCharted: true },
        { key: `${prefix}bytes`, label: `${label} bytes over plain`, unit: '', isCharted: true },
        { key: `${prefix}deltas`, label: `${label} publications with a delta`, unit: '%' },
        { key: `${prefix}pooled`, label: `${label} patches made in the pool`, unit: '%' },
        { key: `${prefix}lost`, label: `${label} tasks of the pool refused, late or failed`, unit: '' },
        { key: `${prefix}cpu`, label: `${label} server`, unit: '% of a core' },
      ];
    }),
  ),
  without: ['bare', 'soketi', 'url'],
  // A document of 100 KB is longer than what servers accept unless they are told.
  sluice: { metrics: 'on', env: { EVENT_LIMITS_MAX_PAYLOAD_IN_KB: '200' } },
  subscribers: ({ subscribers }) => 2 * (subscribersOf(subscribers) + DECODING + 1),
  async run(bench) {
    for (const algorithm of ALGORITHMS) await open(bench, algorithm);
    const values: Record<string, number | undefined> = {};
    const notes: string[] = [];
    for (const size of SIZES) {
      for (const algorithm of ALGORITHMS) {
        const seen = await measure(bench, { size, algorithm });
        if (seen === null) notes.push(`${size}, ${algorithm}: ${notSustained(RATE)}`);
        else for (const [key, value] of Object.entries(seen)) values[`${size}.${algorithm}.${key}`] = value;
      }
    }
    return { values: measured(values), notes };
  },
};

interface Case {
  readonly size: (typeof SIZES)[number];
  readonly algorithm: (typeof ALGORITHMS)[number];
}

async function open(bench: Bench, delta: Case['algorithm']): Promise<void> {
  const channels = [CHANNELS[delta]];
  const count = subscribersOf(bench.options.subscribers);
  await openAll(bench, { channels, count, wish: { delta, listening: 'count' } });
  await openAll(bench, { channels, count: DECODING, wish: { delta, listening: 'decode' } });
  await openAll(bench, { channels, count: 1, wish: { listening: 'decode' } });
}

async function measure(bench: Bench, { size, algorithm }: Case): Promise<Record<string, number | undefined> | null> {
  const { server, options } = bench;
  const content = { kind: 'trace', name: `document-${size}` satisfies TraceName } as const;
  // One publisher: the versions come in their order.
  const traffic = { channels: [CHANNELS[algorithm]], publishers: 1, rate: RATE, content };
  await runSteady(bench, { ...traffic, durationMs: options.warmUpMs });
  const counters = await Counters.start(server);
  // The delays are those since the last time they were read.
  await server.loopDelayMs?.();
  const phase = await runSteady(bench, { ...traffic, durationMs: options.durationMs });
  if (phase === null) return null;
  const loopDelay = await server.loopDelayMs?.();
  const grown = await counters.grown({
    publications: 'sluice_delta_publications_total',
    deltas: 'sluice_delta_publications_total form="delta"',
    patches: 'sluice_delta_patches_total origin="computed"',
    answered: 'sluice_delta_pool_tasks_total outcome="answered"',
    tasks: 'sluice_delta_pool_tasks_total',
    plain: 'sluice_delta_plain_bytes_total',
    sent: 'sluice_delta_sent_bytes_total',
  });
  if (grown === undefined) throw new BenchmarkFailure('the server tells nothing of its deltas');
  const { publications, deltas, patches, answered, tasks, plain, sent } = grown;
  return {
    loopDelay,
    bytes: sent / plain,
    deltas: (100 * deltas) / publications,
    pooled: patches === 0 ? 0 : (100 * answered) / patches,
    lost: tasks - answered,
    cpu: percentOfCore(phase.reading.serverCpuMicros, phase.reading.elapsedMicros),
  };
}

function subscribersOf(subscribers: number): number {
  return Math.max(1, Math.round(subscribers * SHARE));
}
