import type { CountByKind } from '@sluice/core';
import { CHANNEL_KINDS } from '@sluice/protocol';
import { AggregatorRegistry, collectDefaultMetrics, Counter, Gauge, type MetricObject, Registry } from 'prom-client';
import { ClusterMetrics, type OthersState } from './cluster-metrics.ts';
import { type MetricSpec, PRIMARY_METRICS } from './metric-list.ts';
import { setCounter } from './set-counter.ts';

export interface NodeExpositionOptions {
  readonly prefix: string;
  readonly port: number;
}

export interface NodeState {
  /** Snapshots of the workers that answered, by an id that no other worker ever has. */
  readonly snapshots: ReadonlyMap<number, unknown>;
  /** Ids of all workers that live. */
  readonly living: ReadonlySet<number>;
  readonly restarts: number;
  /** By app. */
  readonly channels: ReadonlyMap<string, CountByKind>;
  /** By worker's place, in milliseconds. */
  readonly roundTrips: ReadonlyMap<number, number>;
  readonly webhooks: WebhookState;
  /** Null: there are no other nodes. */
  readonly others: OthersState | null;
}

/** Events, except for `failedAttempts`. All but `queued` and `unsaved` only grow. */
export interface WebhookState {
  readonly sent: number;
  readonly failedAttempts: number;
  readonly deadLettered: number;
  readonly dropped: number;
  readonly queued: number;
  readonly inherited: number;
  readonly unsaved: number;
}

/**
 * One exposition for all workers of a node. What a worker counted stays in the sums after it has died: a counter that
 * falls back would look to Prometheus like a restart, and every rate would jump.
 */
export class NodeExposition {
  readonly #labels: { readonly port: number };
  readonly #own = new Registry();
  readonly #workers: Gauge;
  readonly #restarts: Counter;
  readonly #missed: Counter;
  readonly #channels: Gauge;
  readonly #roundTrip: Gauge;
  readonly #webhookEvents: Counter;
  readonly #webhookFailures: Counter;
  readonly #webhookQueue: Gauge;
  readonly #webhookInherited: Counter;
  readonly #webhookUnsaved: Gauge;
  readonly #latest = new Map<number, readonly MetricObject[]>();
  readonly #departedIds = new Set<number>();
  #departed: readonly MetricObject[] = [];
  #rendered: Promise<unknown> = Promise.resolve();
  readonly #options: NodeExpositionOptions;
  #cluster: ClusterMetrics | null = null;

  constructor(options: NodeExpositionOptions) {
    const { prefix, port } = options;
    this.#options = options;
    this.#labels = { port };
    const config = (spec: MetricSpec) => ({
      name: prefix + spec.name,
      help: spec.help,
      labelNames: [...spec.labels],
      registers: [this.#own],
    });
    this.#workers = new Gauge(config(PRIMARY_METRICS.workers));
    this.#restarts = new Counter(config(PRIMARY_METRICS.restarts));
    this.#missed = new Counter(config(PRIMARY_METRICS.scrapesMissed));
    this.#missed.inc(this.#labels, 0);
    this.#channels = new Gauge(config(PRIMARY_METRICS.channels));
    this.#roundTrip = new Gauge(config(PRIMARY_METRICS.busRoundTrip));
    this.#webhookEvents = new Counter(config(PRIMARY_METRICS.webhookEvents));
    this.#webhookFailures = new Counter(config(PRIMARY_METRICS.webhookFailures));
    this.#webhookQueue = new Gauge(config(PRIMARY_METRICS.webhookQueue));
    this.#webhookInherited = new Counter(config(PRIMARY_METRICS.webhookInherited));
    this.#webhookUnsaved = new Gauge(config(PRIMARY_METRICS.webhookUnsaved));
    // Of this process, the primary: process_* and nodejs_*, as every Node program has them.
    collectDefaultMetrics({ register: this.#own });
  }

  get contentType(): string {
    return this.#own.contentType;
  }

  /** The text that Prometheus scrapes. One after the other: between the steps of a merge the sums are incomplete. */
  render(state: NodeState): Promise<string> {
    const text = this.#rendered.then(() => this.#render(state));
    this.#rendered = text.catch(() => {});
    return text;
  }

  async #render(state: NodeState): Promise<string> {
    const { snapshots, living, restarts, channels, roundTrips, webhooks, others } = state;
    for (const id of living) {
      if (!snapshots.has(id)) this.#missed.inc(this.#labels);
    }
    for (const [id, snapshot] of snapshots) {
      // A scrape that another has overtaken may bring a worker whose numbers are in the sums already.
      if (!this.#departedIds.has(id)) this.#latest.set(id, snapshot as readonly MetricObject[]);
    }
    for (const [id, snapshot] of this.#latest) {
      if (living.has(id)) continue;
      this.#latest.delete(id);
      this.#departedIds.add(id);
      this.#departed = await merge([this.#departed, snapshot.filter((metric) => String(metric.type) !== 'gauge')]);
    }
    this.#workers.set(this.#labels, living.size);
    setCounter(this.#restarts, this.#labels, restarts);
    for (const [appId, byKind] of channels) {
      for (const kind of CHANNEL_KINDS) {
        this.#channels.set({ ...this.#labels, app_id: appId, channel_type: kind }, byKind[kind]);
      }
    }
    // One that did not answer has no time, rather than that of an earlier scrape.
    this.#roundTrip.reset();
    for (const [worker, ms] of roundTrips) this.#roundTrip.set({ ...this.#labels, worker }, ms / 1000);
    this.#setWebhooks(webhooks);
    if (others !== null) {
      this.#cluster ??= new ClusterMetrics(this.#own, this.#options);
      this.#cluster.set(others);
    }
    const workers = AggregatorRegistry.aggregate([...this.#latest.values(), this.#departed]);
    return `${await workers.metrics()}\n${await this.#own.metrics()}`;
  }

  #setWebhooks(state: WebhookState): void {
    const { sent, failedAttempts, deadLettered, dropped, queued, inherited, unsaved } = state;
    const byOutcome = { sent, dead_lettered: deadLettered, dropped };
    for (const [outcome, count] of Object.entries(byOutcome)) {
      setCounter(this.#webhookEvents, { ...this.#labels, outcome }, count);
    }
    setCounter(this.#webhookFailures, this.#labels, failedAttempts);
    this.#webhookQueue.set(this.#labels, queued);
    setCounter(this.#webhookInherited, this.#labels, inherited);
    this.#webhookUnsaved.set(this.#labels, unsaved);
  }
}

async function merge(snapshots: readonly (readonly MetricObject[])[]): Promise<readonly MetricObject[]> {
  return AggregatorRegistry.aggregate(snapshots as MetricObject[][]).getMetricsAsJSON();
}
