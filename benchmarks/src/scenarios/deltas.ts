import { BenchmarkFailure } from '../errors.ts';
import type { Wish } from '../load/messages.ts';
import { TRACE_FILES, type TraceName } from '../load/trace.ts';
import { Counters } from './counters.ts';
import { openAll, PUBLISHERS, runPhase } from './phase.ts';
import { measured, type Bench, type Measurement, type Scenario } from './scenario.ts';

/** Of the same length, since the channel's name is in each frame. */
const CHANNELS = { plain: 'bench-deltas-plain-0', fossil: 'bench-deltas-fossil0', xdelta3: 'bench-deltas-xdelta3' };
type Form = keyof typeof CHANNELS;
const ALGORITHMS = ['fossil', 'xdelta3'] as const;

/** The one that budgets are about; measured more often than the others. */
const MAIN: TraceName = 'order-book';
const ROUNDS = 3;
/** Clients of each channel that takes deltas which decode them; and one that gets the same channel plain, to compare with. */
const DECODING = 2;

/** The same messages as deltas and plain, in turn: what deltas cost in deliveries and save in bytes. */
export const deltas: Scenario = {
  describe: ({ subscribers, durationMs }) =>
    `traces to ${subscribers} subscribers plain, and as many with deltas by each algorithm, in turn; each ${durationMs / 4000} s saturated by ${PUBLISHERS} publishers`,
  metrics: TRACE_FILES.flatMap((trace) => [
    { key: `${trace}.plain`, label: `${trace}, plain: deliveries`, unit: '/s' },
    ...ALGORITHMS.flatMap((algorithm) => {
      const [prefix, label] = [`${trace}.${algorithm}.`, `${trace}, ${algorithm}:`];
      return [
        { key: `${prefix}deliveries`, label: `${label} deliveries`, unit: '/s' },
        { key: `${prefix}speed`, label: `${label} deliveries over plain`, unit: '', isCharted: trace === MAIN },
        { key: `${prefix}bytes`, label: `${label} bytes over plain`, unit: '', isCharted: true },
        { key: `${prefix}deltas`, label: `${label} publications with a delta`, unit: '%' },
        { key: `${prefix}patches`, label: `${label} patches computed per publication`, unit: '' },
        { key: `${prefix}cpu`, label: `${label} server CPU per delivery over plain`, unit: '' },
      ];
    }),
  ]),
  without: ['bare', 'soketi', 'url'],
  sluice: { metrics: 'on' },
  subscribers: ({ subscribers }) => 3 * subscribers + 2 * (DECODING + 1),
  async run(bench): Promise<Measurement> {
    const { subscribers, warmUpMs } = bench.options;
    for (const form of ['plain', ...ALGORITHMS] as const)
      await open(bench, { form, count: subscribers, listening: 'count' });
    for (const form of ALGORITHMS) {
      await open(bench, { form, count: DECODING, listening: 'decode' });
      const plain = { channels: [CHANNELS[form]], count: 1, wish: { listening: 'decode' } as const };
      await openAll(bench, plain);
    }
    for (const form of ['plain', ...ALGORITHMS] as const)
      await publish(bench, { form, trace: MAIN, durationMs: warmUpMs });
    const values: Record<string, number> = {};
    for (const trace of TRACE_FILES) Object.assign(values, await compare(bench, trace));
    return { values: measured(values), notes: [] };
  },
};

async function open(bench: Bench, who: { form: Form; count: number; listening: 'count' | 'decode' }): Promise<void> {
  const { form, count, listening } = who;
  const wish: Wish = { listening, ...(form === 'plain' ? {} : { delta: form }) };
  await openAll(bench, { channels: [CHANNELS[form]], count, wish });
}

interface Total {
  seconds: number;
  deliveries: number;
  bytes: number;
  cpuMicros: number;
  publications: number;
  deltas: number;
  patches: number;
}

/** One trace in all forms, in turn: a machine that gets slower meanwhile does so for all of them. */
async function compare(bench: Bench, trace: TraceName): Promise<Record<string, number | undefined>> {
  const totals: Record<Form, Total> = { plain: nothing(), fossil: nothing(), xdelta3: nothing() };
  for (let round = 0; round < (trace === MAIN ? ROUNDS : 1); round++) {
    for (const form of ['plain', ...ALGORITHMS] as const) {
      const seen = await publish(bench, { form, trace, durationMs: bench.options.durationMs / 4 });
      const total = totals[form];
      for (const key of Object.keys(total) as (keyof Total)[]) total[key] += seen[key];
    }
  }
  const { plain } = totals;
  const speed = plain.deliveries / plain.seconds;
  const values: Record<string, number | undefined> = { [`${trace}.plain`]: speed };
  for (const algorithm of ALGORITHMS) {
    const own = totals[algorithm];
    const over = (of: (total: Total) => number): number => of(own) / of(plain);
    Object.assign(values, {
      [`${trace}.${algorithm}.deliveries`]: own.deliveries / own.seconds,
      [`${trace}.${algorithm}.speed`]: over((total) => total.deliveries / total.seconds),
      [`${trace}.${algorithm}.bytes`]: over((total) => total.bytes / total.deliveries),
      [`${trace}.${algorithm}.deltas`]: (100 * own.deltas) / own.publications,
      [`${trace}.${algorithm}.patches`]: own.patches / own.publications,
      [`${trace}.${algorithm}.cpu`]: over((total) => total.cpuMicros / total.deliveries),
    });
    const bytes = ((100 * own.bytes) / own.deliveries / (plain.bytes / plain.deliveries)).toFixed(1);
    bench.progress(`${trace}, ${algorithm}: ${bytes} % of the bytes`);
  }
  return values;
}

async function publish(
  bench: Bench,
  { form, trace, durationMs }: { readonly form: Form; readonly trace: TraceName; readonly durationMs: number },
): Promise<Total> {
  const counters = await Counters.start(bench.server);
  const content = { kind: 'trace', name: trace } as const;
  const traffic = { channels: [CHANNELS[form]], publishers: PUBLISHERS, rate: null, durationMs, content };
  const { settled, seconds, reading, accepted } = await runPhase(bench, traffic);
  const grown = await counters.grown({
    deltas: 'sluice_delta_publications_total form="delta"',
    patches: 'sluice_delta_patches_total origin="computed"',
  });
  if (grown === undefined) throw new BenchmarkFailure('the server tells nothing of its deltas');
  const { deliveries, bytes } = settled;
  const cpuMicros = reading.serverCpuMicros ?? 0;
  return { seconds, deliveries, bytes, cpuMicros, publications: accepted, ...grown };
}

function nothing(): Total {
  return { seconds: 0, deliveries: 0, bytes: 0, cpuMicros: 0, publications: 0, deltas: 0, patches: 0 };
}
