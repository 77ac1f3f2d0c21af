import { BenchmarkFailure } from '../errors.ts';
import type { Wish } from '../load/messages.ts';
import { TRACE_FILES, type TraceName } from '../load/trace.ts';
import { Counters } from './counters.ts';
import { openAll, PUBLISHERS, runPhase } from './phase.ts';
import { measured, type Bench, type Measurement, type Scenario } from './scenario.ts';

/** The one that budgets are about; measured more often than the others, and in the JSON of Sockudo's clients too. */
const MAIN: TraceName = 'order-book';

/** What a channel's subscribers ask for, and how it is called. */
interface Form {
  readonly label: string;
  /** Of the same length, since it is in each frame. */
  readonly channel: string;
  readonly wish: Pick<Wish, 'delta' | 'binary'>;
}

const PLAIN: Form = { label: 'plain', channel: 'bench-deltas-plain-0', wish: {} };
const BINARY: readonly Form[] = [
  { label: 'fossil', channel: 'bench-deltas-fossil0', wish: { delta: 'fossil', binary: true } },
  { label: 'xdelta3', channel: 'bench-deltas-xdelta3', wish: { delta: 'xdelta3', binary: true } },
];
const JSON_FORMS: readonly Form[] = [
  { label: 'fossil-json', channel: 'bench-deltas-json-fo', wish: { delta: 'fossil' } },
  { label: 'xdelta3-json', channel: 'bench-deltas-json-xd', wish: { delta: 'xdelta3' } },
];

const FORMS = [...BINARY, ...JSON_FORMS];

function formsOf(trace: TraceName): readonly Form[] {
  return trace === MAIN ? [...BINARY, ...JSON_FORMS] : BINARY;
}

const ROUNDS = 3;
/** Clients of each channel that takes deltas which decode them; and one that gets the same channel plain, to compare with. */
const DECODING = 2;

/** The same messages as deltas and plain, in turn: what deltas cost in deliveries and save in bytes. */
export const deltas: Scenario = {
  describe: ({ subscribers, durationMs }) =>
    `traces to ${subscribers} subscribers plain, and as many with deltas by each algorithm, in bytes and for one trace in JSON, in turn; each ${durationMs / 4000} s saturated by ${PUBLISHERS} publishers`,
  metrics: TRACE_FILES.flatMap((trace) => [
    { key: `${trace}.plain`, label: `${trace}, plain: deliveries`, unit: '/s' },
    ...formsOf(trace).flatMap((form) => {
      const [prefix, label] = [`${trace}.${form.label}.`, `${trace}, ${form.label}:`];
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
  subscribers: ({ subscribers }) => (1 + FORMS.length) * subscribers + FORMS.length * (DECODING + 1),
  async run(bench): Promise<Measurement> {
    const { subscribers, warmUpMs } = bench.options;
    for (const form of [PLAIN, ...FORMS]) await open(bench, { form, count: subscribers, listening: 'count' });
    for (const form of FORMS) {
      await open(bench, { form, count: DECODING, listening: 'decode' });
      await openAll(bench, { channels: [form.channel], count: 1, wish: { listening: 'decode' } });
    }
    for (const form of [PLAIN, ...FORMS]) await publish(bench, { form, trace: MAIN, durationMs: warmUpMs });
    const values: Record<string, number> = {};
    for (const trace of TRACE_FILES) Object.assign(values, await compare(bench, trace));
    return { values: measured(values), notes: [] };
  },
};

async function open(bench: Bench, who: { form: Form; count: number; listening: 'count' | 'decode' }): Promise<void> {
  const { form, count, listening } = who;
  await openAll(bench, { channels: [form.channel], count, wish: { listening, ...form.wish } });
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
  const forms = [PLAIN, ...formsOf(trace)];
  const totals = new Map(forms.map((form) => [form, nothing()]));
  for (let round = 0; round < (trace === MAIN ? ROUNDS : 1); round++) {
    for (const [form, total] of totals) {
      const seen = await publish(bench, { form, trace, durationMs: bench.options.durationMs / 4 });
      for (const key of Object.keys(total) as (keyof Total)[]) total[key] += seen[key];
    }
  }
  const plain = totals.get(PLAIN) ?? nothing();
  const values: Record<string, number | undefined> = { [`${trace}.plain`]: plain.deliveries / plain.seconds };
  for (const form of formsOf(trace)) {
    const own = totals.get(form) ?? nothing();
    const over = (of: (total: Total) => number): number => of(own) / of(plain);
    const prefix = `${trace}.${form.label}`;
    Object.assign(values, {
      [`${prefix}.deliveries`]: own.deliveries / own.seconds,
      [`${prefix}.speed`]: over((total) => total.deliveries / total.seconds),
      [`${prefix}.bytes`]: over((total) => total.bytes / total.deliveries),
      [`${prefix}.deltas`]: (100 * own.deltas) / own.publications,
      [`${prefix}.patches`]: own.patches / own.publications,
      [`${prefix}.cpu`]: over((total) => total.cpuMicros / total.deliveries),
    });
    const bytes = (100 * over((total) => total.bytes / total.deliveries)).toFixed(1);
    bench.progress(`${trace}, ${form.label}: ${bytes} % of the bytes`);
  }
  return values;
}

async function publish(
  bench: Bench,
  { form, trace, durationMs }: { readonly form: Form; readonly trace: TraceName; readonly durationMs: number },
): Promise<Total> {
  const counters = await Counters.start(bench.server);
  const content = { kind: 'trace', name: trace } as const;
  const traffic = { channels: [form.channel], publishers: PUBLISHERS, rate: null, durationMs, content };
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
