import { BenchmarkFailure } from '../errors.ts';
import { mergeHistograms, type Histogram } from '../histogram.ts';
import { acceptedIn, describeCounts, requireAll } from '../load/crew.ts';
import type { Content } from '../load/content.ts';
import type { Published, Settled, Wish } from '../load/messages.ts';
import { Meter, type Reading } from '../meter.ts';
import { pidsOf, type Server } from '../servers/server.ts';
import type { Bench } from './scenario.ts';

/** One is enough for no server; more would only wait for each other. */
export const PUBLISHERS = 8;
const HANDSHAKES_AT_A_TIME = 100;
/** How long after the end of a steady phase the last message may come. */
const LATE_MS = 250;

/** Who publishes what to whom. */
export interface Traffic {
  readonly channels: readonly string[];
  readonly publishers: number;
  /** Publishes a second over all channels; `null`: as many as are answered. */
  readonly rate: number | null;
  readonly durationMs: number;
  readonly content?: Content;
  /** Messages that gave way to newer ones are no fault, only the last of each publisher has to come. */
  readonly isConflated?: true;
}

export interface Phase {
  readonly published: Published;
  readonly accepted: number;
  readonly settled: Settled;
  readonly latency: Histogram;
  readonly reading: Reading;
  /** From the first publish until the last delivery: the queues are empty, so nothing is owed. */
  readonly seconds: number;
  /** Whether a steady rate was kept: a server that falls behind by little falls behind for ever. */
  readonly isSustained: boolean;
}

interface Clients {
  readonly channels: readonly string[];
  readonly count: number;
  readonly wish?: Wish;
}

/** Connects and subscribes clients, as many to each node, all of whom have to get there. */
export async function openAll(bench: Bench, who: Clients): Promise<void> {
  const servers = serversOf(bench);
  const count = Math.ceil(who.count / servers.length);
  for (const { endpoint } of servers) {
    const opened = await bench.crew.open({ ...who, endpoint, count, concurrency: HANDSHAKES_AT_A_TIME });
    requireAll(opened, count);
  }
}

/** Publishes, and waits until every subscriber has got every accepted message of its channel, once and in order. */
export async function runPhase(bench: Bench, traffic: Traffic): Promise<Phase> {
  const { crew } = bench;
  const servers = serversOf(bench);
  await crew.reset(traffic.publishers);
  const meter = new Meter(pidsOf(servers), crew.pids);
  const published = await crew.publish({ endpoints: servers.map(({ endpoint }) => endpoint), ...traffic });
  const accepted = acceptedIn(published);
  const settled = await crew.settle({ accepted: published.accepted, channels: traffic.channels });
  const reading = meter.read();
  requireExactlyOnce(accepted, traffic.isConflated === true ? withoutSkipped(settled) : settled);
  const seconds = (settled.lastAtMicros - published.startedAtMicros) / 1e6;
  const lateMs = seconds * 1000 - traffic.durationMs;
  const isSustained = published.unsent === 0 && lateMs < LATE_MS;
  return { published, accepted, settled, latency: mergeHistograms([settled.latency]), reading, seconds, isSustained };
}

/** A phase at a steady rate; null where the server does not keep it, nor at a second try, since machines have busy moments. */
export async function runSteady(bench: Bench, traffic: Traffic & { readonly rate: number }): Promise<Phase | null> {
  for (let attempt = 1; attempt <= 2; attempt++) {
    const phase = await runPhase(bench, traffic);
    const { latency } = phase;
    // Who only counts knows nothing of the time.
    const late = latency.count === 0 ? '' : `: p99 ${(latency.quantile(0.99) / 1000).toFixed(1)} ms`;
    bench.progress(`${traffic.rate}/s${late}`);
    if (phase.isSustained) return phase;
  }
  return null;
}

function serversOf({ server, nodes }: Bench): readonly Server[] {
  return nodes ?? [server];
}

export function notSustained(rate: number): string {
  return `${rate}/s: not sustained`;
}

/** What is left to ask of a channel that conflates. */
function withoutSkipped(settled: Settled): Settled {
  return { ...settled, skipped: 0, expected: settled.deliveries };
}

/** A server that is fast because it loses messages is not fast. */
function requireExactlyOnce(accepted: number, settled: Settled): void {
  const { expected, deliveries, skipped, repeated, missing, surplus, foreign, ended, digests } = settled;
  if (new Set(digests).size > 1) throw new BenchmarkFailure('decoded, deltas are not what plain subscribers got');
  const wrong = skipped + repeated + missing + surplus + foreign + ended.size;
  if (wrong === 0 && deliveries === expected) return;
  throw new BenchmarkFailure(
    [
      `not every subscriber got every message of its channel once and in order: of ${accepted} accepted messages came`,
      `${deliveries} deliveries instead of ${expected}; ${skipped} skipped, ${missing} missing at the end,`,
      `${repeated} doubled or out of order, ${surplus} beyond the accepted, ${foreign} other frames;`,
      `connections ended by the server: ${describeCounts(ended) || 'none'}`,
    ].join(' '),
  );
}
