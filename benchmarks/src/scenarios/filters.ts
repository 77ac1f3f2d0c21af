import type { Content } from '../load/content.ts';
import type { Wish } from '../load/messages.ts';
import { latencyMetrics, latencyValues } from './latency-metrics.ts';
import { openAll, PUBLISHERS, runPhase } from './phase.ts';
import { measured, per, type Bench, type Scenario } from './scenario.ts';

/** Of the same length, as the load wants them. */
const CHANNELS = { filtered: 'bench-filters-many', alone: 'bench-filters-ten0' };
/** Subscribers that a message is for. */
const EACH = 10;
const ROUNDS = 2;
const KINDS = ['filtered', 'alone'] as const;
type Kind = (typeof KINDS)[number];

/** Many subscribers with many filters, and a few on a channel of their own: what it costs to find the few among the many. */
export const filters: Scenario = {
  describe: ({ subscribers, durationMs }) =>
    `${EACH * subscribers} subscribers with ${subscribers} different filters, of which a message matches ${EACH}; and ${EACH} alone on a channel; in turn, each ${durationMs / 2000} s saturated by ${PUBLISHERS} publishers`,
  metrics: [
    ...KINDS.flatMap((kind) => [
      { key: `${kind}.publishes`, label: `${kind}: publishes accepted`, unit: '/s', isCharted: true },
      { key: `${kind}.cpu`, label: `${kind}: server CPU per publish`, unit: 'µs', isCharted: true },
      ...latencyMetrics({ prefix: `${kind}.`, label: `${kind}: latency` }),
    ]),
    { key: 'time', label: 'time per publish, filtered over alone', unit: '' },
    { key: 'cpu', label: 'server CPU per publish, filtered over alone', unit: '' },
  ],
  without: ['bare', 'soketi', 'url'],
  subscribers: ({ subscribers }) => EACH * subscribers + EACH,
  async run(bench) {
    const { subscribers, warmUpMs, durationMs } = bench.options;
    const wish: Wish = { filters: subscribers };
    await openAll(bench, { channels: [CHANNELS.filtered], count: EACH * subscribers, wish });
    await openAll(bench, { channels: [CHANNELS.alone], count: EACH });
    const values: Record<string, number | undefined> = {};
    for (const kind of KINDS) await publish(bench, { kind, durationMs: warmUpMs });
    const totals = {
      filtered: { accepted: 0, micros: 0, cpuMicros: 0 },
      alone: { accepted: 0, micros: 0, cpuMicros: 0 },
    };
    for (let round = 0; round < ROUNDS; round++) {
      for (const kind of KINDS) {
        const { accepted, seconds, reading, latency } = await publish(bench, { kind, durationMs: durationMs / ROUNDS });
        totals[kind].accepted += accepted;
        totals[kind].micros += seconds * 1e6;
        totals[kind].cpuMicros += reading.serverCpuMicros ?? 0;
        Object.assign(values, latencyValues(latency, `${kind}.`));
      }
    }
    for (const kind of KINDS) {
      const { accepted, micros, cpuMicros } = totals[kind];
      values[`${kind}.publishes`] = (accepted * 1e6) / micros;
      values[`${kind}.cpu`] = per(cpuMicros, accepted);
    }
    const { filtered, alone } = totals;
    values['time'] = filtered.micros / filtered.accepted / (alone.micros / alone.accepted);
    values['cpu'] = filtered.cpuMicros / filtered.accepted / (alone.cpuMicros / alone.accepted);
    return { values: measured(values), notes: [] };
  },
};

async function publish(bench: Bench, { kind, durationMs }: { readonly kind: Kind; readonly durationMs: number }) {
  // The few get the same messages, tags and all.
  const content: Content = { kind: 'tagged', filters: bench.options.subscribers };
  return runPhase(bench, { channels: [CHANNELS[kind]], publishers: PUBLISHERS, rate: null, durationMs, content });
}
