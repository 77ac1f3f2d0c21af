import { BenchmarkFailure } from '../errors.ts';
import { mergeHistograms } from '../histogram.ts';
import type { Accepted } from './dealing.ts';
import { LoadProcess, type LoadProcessOptions } from './load-process.ts';
import type { ChurnArgs, Churned, OpenArgs, Opened, PublishArgs, Published, Settled } from './messages.ts';

const SOCKETS_PER_PROCESS = 5_000;
const OPEN_TIMEOUT_MS = 120_000;
const SETTLE_TIMEOUT_MS = 60_000;
const SHORT_TIMEOUT_MS = 10_000;

/** The load processes of one run: one that publishes and as many as the subscribers need. Results are merged. */
export class Crew {
  readonly #publisher: LoadProcess;
  readonly #subscribers: readonly LoadProcess[];

  constructor(options: LoadProcessOptions & { readonly subscribers: number }) {
    this.#publisher = new LoadProcess(options);
    const processes = Math.ceil(options.subscribers / SOCKETS_PER_PROCESS);
    this.#subscribers = Array.from({ length: processes }, () => new LoadProcess(options));
  }

  get pids(): readonly number[] {
    return [this.#publisher, ...this.#subscribers].map((each) => each.pid);
  }

  /** Returns when the processes run, so that their start is not part of what is measured. */
  async ready(): Promise<void> {
    await this.reset(0);
    await this.#publisher.call('reset', { publishers: 0 }, { timeoutMs: SHORT_TIMEOUT_MS });
  }

  async open(args: Omit<OpenArgs, 'firstSocket'>): Promise<Opened> {
    const processes = this.#subscribers.length;
    const share = Math.ceil(args.count / processes);
    const parts = await Promise.all(
      this.#subscribers.map((each, i) => {
        const firstSocket = i * share;
        const count = Math.max(0, Math.min(share, args.count - firstSocket));
        const concurrency = Math.max(1, Math.floor(args.concurrency / processes));
        return each.call('open', { ...args, count, concurrency, firstSocket }, { timeoutMs: OPEN_TIMEOUT_MS });
      }),
    );
    return {
      subscribed: sum(parts, (part) => part.subscribed),
      ...mergedOpening(parts),
    };
  }

  async reset(publishers: number): Promise<void> {
    await Promise.all(
      this.#subscribers.map((each) => each.call('reset', { publishers }, { timeoutMs: SHORT_TIMEOUT_MS })),
    );
  }

  async publish(args: PublishArgs): Promise<Published> {
    return this.#publisher.call('publish', args, { timeoutMs: args.durationMs + SETTLE_TIMEOUT_MS });
  }

  async settle(accepted: Accepted): Promise<Settled> {
    const parts = await Promise.all(
      this.#subscribers.map((each) => each.call('settle', accepted, { timeoutMs: SETTLE_TIMEOUT_MS })),
    );
    return {
      expected: sum(parts, (part) => part.expected),
      deliveries: sum(parts, (part) => part.deliveries),
      bytes: sum(parts, (part) => part.bytes),
      skipped: sum(parts, (part) => part.skipped),
      repeated: sum(parts, (part) => part.repeated),
      foreign: sum(parts, (part) => part.foreign),
      missing: sum(parts, (part) => part.missing),
      surplus: sum(parts, (part) => part.surplus),
      ended: mergeCounts(parts.map((part) => part.ended)),
      lastAtMicros: Math.max(...parts.map((part) => part.lastAtMicros)),
      latency: mergeHistograms(parts.map((part) => part.latency)).snapshot(),
      digests: parts.flatMap((part) => part.digests),
    };
  }

  /** Some subscribers of each process read no more. */
  async stopReading(count: number): Promise<void> {
    const share = Math.ceil(count / this.#subscribers.length);
    await Promise.all(
      this.#subscribers.map((each) => each.call('stopReading', { count: share }, { timeoutMs: SHORT_TIMEOUT_MS })),
    );
  }

  async churn(args: ChurnArgs): Promise<Churned> {
    const clients = Math.ceil(args.clients / this.#subscribers.length);
    const timeoutMs = args.durationMs + SETTLE_TIMEOUT_MS;
    const parts = await Promise.all(
      this.#subscribers.map((each) => each.call('churn', { ...args, clients }, { timeoutMs })),
    );
    return {
      lives: sum(parts, (part) => part.lives),
      subscriptions: sum(parts, (part) => part.subscriptions),
      ...mergedOpening(parts),
    };
  }

  /** Ends all connections of subscribers. */
  async close(): Promise<void> {
    await Promise.all(this.#subscribers.map((each) => each.call('close', null, { timeoutMs: SHORT_TIMEOUT_MS })));
  }

  async stop(): Promise<void> {
    // A process that is gone or stuck needs no orderly end.
    await this.close().catch(() => undefined);
    await Promise.all([this.#publisher, ...this.#subscribers].map((each) => each.stop()));
  }
}

/** "3 × close 4100, 1 × ECONNRESET". */
export function describeCounts(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([reason, count]) => `${count} × ${reason}`).join(', ');
}

export function requireAll(opened: Opened, wanted: number): void {
  if (opened.subscribed === wanted) return;
  throw new BenchmarkFailure(`${opened.subscribed} of ${wanted} clients subscribed: ${describeCounts(opened.errors)}`);
}

/** How many messages all publishers together got accepted. */
export function acceptedIn(published: Published): number {
  const accepted = sum(published.accepted, (count) => count);
  if (accepted === 0) throw new BenchmarkFailure('the server accepted no publish');
  return accepted;
}

/** What opening and churning have in common. */
function mergedOpening(
  parts: readonly (Opened | Churned)[],
): Pick<Opened, 'errors' | 'latency' | 'startedAtMicros' | 'endedAtMicros'> {
  return {
    errors: mergeCounts(parts.map((part) => part.errors)),
    latency: mergeHistograms(parts.map((part) => part.latency)).snapshot(),
    startedAtMicros: Math.min(...parts.map((part) => part.startedAtMicros)),
    endedAtMicros: Math.max(...parts.map((part) => part.endedAtMicros)),
  };
}

function sum<Part>(parts: readonly Part[], valueOf: (part: Part) => number): number {
  return parts.reduce((total, part) => total + valueOf(part), 0);
}

function mergeCounts(maps: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const merged = new Map<string, number>();
  for (const [reason, count] of maps.flatMap((map) => [...map])) merged.set(reason, (merged.get(reason) ?? 0) + count);
  return merged;
}
