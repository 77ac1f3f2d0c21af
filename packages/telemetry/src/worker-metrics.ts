import { monitorEventLoopDelay } from 'node:perf_hooks';
import {
  type AppCounters,
  type ConnectionErrorType,
  emptyCounters,
  emptyDeltaCounters,
  type Metrics,
  RATE_KINDS,
  type RequestContext,
} from '@sluice/core';
import { CHANNEL_KINDS, type ChannelKind, CLOSE } from '@sluice/protocol';
import { Counter, Gauge, Histogram, type MetricObject, Registry } from 'prom-client';
import { DeltaMetrics } from './delta-metrics.ts';
import { type MetricSpec, WORKER_METRICS } from './metric-list.ts';
import { setCounter } from './set-counter.ts';

export interface WorkerMetricsOptions {
  readonly prefix: string;
  /** The port that clients connect to. */
  readonly port: number;
  /** Number of the worker's place. */
  readonly slot: number;
}

/** What the engine and the bus know at the moment. */
export interface WorkerGauges {
  readonly queuedBytes: number;
  readonly busDropped: number;
}

const DELAY_RESOLUTION_MS = 10;

const DURATION_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** Counters that one number of {@link AppCounters} feeds. */
const PER_APP = [
  'connections',
  'disconnections',
  'messagesReceived',
  'bytesReceived',
  'messagesSent',
  'bytesSent',
  'messagesDropped',
  'messagesConflated',
  'messagesFiltered',
  'deltaPlainBytes',
  'deltaSentBytes',
  'httpCalls',
  'httpBytesReceived',
  'httpBytesSent',
] as const satisfies (keyof AppCounters)[];

/** Of RFC 6455 §7.4.1. */
const STANDARD_CODES = [1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1011];
const OWN_CODES = Object.values(CLOSE).map((reason) => (typeof reason === 'function' ? reason('') : reason).code);

/** Codes that get a label of their own. Clients can send any. */
const KNOWN_CODES: ReadonlySet<number> = new Set([...STANDARD_CODES, ...OWN_CODES]);

/** A worker's metrics. Hot paths add to plain numbers; prom-client is fed when a scrape asks. */
export class WorkerMetrics implements Metrics {
  readonly #registry = new Registry();
  readonly #options: WorkerMetricsOptions;
  readonly #apps = new Map<string, AppCounters>();
  readonly #perApp: Record<(typeof PER_APP)[number], Counter>;
  readonly #connected: Gauge;
  readonly #subscriptions: Counter;
  readonly #unsubscriptions: Counter;
  readonly #connectionErrors: Counter;
  readonly #closed: Counter;
  readonly #rateChecks: Counter;
  readonly #rateRefusals: Counter;
  readonly #broadcast: Histogram;
  readonly #deltaMetrics: DeltaMetrics;
  readonly #process: ProcessMetrics;
  readonly deltas = emptyDeltaCounters();

  constructor(options: WorkerMetricsOptions) {
    this.#options = options;
    this.#perApp = Object.fromEntries(PER_APP.map((name) => [name, this.#counter(WORKER_METRICS[name])])) as Record<
      (typeof PER_APP)[number],
      Counter
    >;
    this.#connected = this.#gauge(WORKER_METRICS.connected);
    this.#subscriptions = this.#counter(WORKER_METRICS.subscriptions);
    this.#unsubscriptions = this.#counter(WORKER_METRICS.unsubscriptions);
    this.#connectionErrors = this.#counter(WORKER_METRICS.connectionErrors);
    this.#closed = this.#counter(WORKER_METRICS.closed);
    this.#rateChecks = this.#counter(WORKER_METRICS.rateLimitChecks);
    this.#rateRefusals = this.#counter(WORKER_METRICS.rateLimitRefusals);
    this.#broadcast = new Histogram({ ...this.#config(WORKER_METRICS.broadcastDuration), buckets: DURATION_BUCKETS });
    this.#deltaMetrics = new DeltaMetrics({
      publications: this.#counter(WORKER_METRICS.deltas),
      patches: this.#counter(WORKER_METRICS.deltasComputed),
      pool: this.#counter(WORKER_METRICS.deltasPooled),
    });
    this.#process = new ProcessMetrics({
      loopDelay: this.#gauge(WORKER_METRICS.loopDelay),
      residentMemory: this.#gauge(WORKER_METRICS.residentMemory),
      cpu: this.#counter(WORKER_METRICS.cpu),
      queuedBytes: this.#gauge(WORKER_METRICS.queuedBytes),
      busDropped: this.#counter(WORKER_METRICS.busDropped),
    });
  }

  app(appId: string): AppCounters {
    let counters = this.#apps.get(appId);
    if (counters === undefined) {
      counters = emptyCounters();
      this.#apps.set(appId, counters);
    }
    return counters;
  }

  connectionError(appId: string | null, type: ConnectionErrorType): void {
    this.#connectionErrors.inc({ app_id: appId ?? '', port: this.#options.port, error_type: type });
  }

  addressChecked(context: RequestContext, outcome: 'taken' | 'refused'): void {
    const labels = {
      app_id: 'global',
      port: this.#options.port,
      limiter_type: 'address',
      request_context: context,
    };
    this.#rateChecks.inc(labels);
    if (outcome === 'refused') this.#rateRefusals.inc(labels);
  }

  closed(code: number): void {
    this.#closed.inc({ port: this.#options.port, code: KNOWN_CODES.has(code) ? String(code) : 'other' });
  }

  broadcast(kind: ChannelKind, recipients: number, seconds: number): void {
    const labels = {
      port: this.#options.port,
      channel_type: kind,
      recipient_count_bucket: recipientBucket(recipients),
    };
    this.#broadcast.observe(labels, seconds);
  }

  /** Everything, in the form that {@link NodeExposition} takes. */
  async snapshot(gauges: WorkerGauges): Promise<MetricObject[]> {
    for (const [appId, counters] of this.#apps) this.#feed(appId, counters);
    this.#deltaMetrics.feed(this.#options.port, this.deltas);
    this.#process.feed(this.#options, gauges);
    return this.#registry.getMetricsAsJSON();
  }

  #feed(appId: string, counters: AppCounters): void {
    const labels = { app_id: appId, port: this.#options.port };
    for (const name of PER_APP) setCounter(this.#perApp[name], labels, counters[name]);
    this.#connected.set(labels, counters.connected);
    for (const kind of RATE_KINDS) {
      const rateLabels = { ...labels, limiter_type: kind, request_context: 'http_api' };
      setCounter(this.#rateChecks, rateLabels, counters.rateLimitChecks[kind]);
      setCounter(this.#rateRefusals, rateLabels, counters.rateLimitRefusals[kind]);
    }
    for (const kind of CHANNEL_KINDS) {
      const kindLabels = { ...labels, channel_type: kind };
      setCounter(this.#subscriptions, kindLabels, counters.subscriptions[kind]);
      setCounter(this.#unsubscriptions, kindLabels, counters.unsubscriptions[kind]);
    }
  }

  #config(spec: MetricSpec): { name: string; help: string; labelNames: string[]; registers: Registry[] } {
    const name = this.#options.prefix + spec.name;
    return { name, help: spec.help, labelNames: [...spec.labels], registers: [this.#registry] };
  }

  #counter(spec: MetricSpec): Counter {
    return new Counter(this.#config(spec));
  }

  #gauge(spec: MetricSpec): Gauge {
    return new Gauge({ ...this.#config(spec), aggregator: 'sum' });
  }
}

interface ProcessMetricSet {
  readonly loopDelay: Gauge;
  readonly residentMemory: Gauge;
  readonly cpu: Counter;
  readonly queuedBytes: Gauge;
  readonly busDropped: Counter;
}

/** What a worker costs: loop delay, memory, CPU, queues. */
class ProcessMetrics {
  readonly #set: ProcessMetricSet;
  readonly #delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });

  constructor(set: ProcessMetricSet) {
    this.#set = set;
    this.#delay.enable();
  }

  feed({ port, slot }: WorkerMetricsOptions, gauges: WorkerGauges): void {
    const worker = { port, worker: slot };
    for (const percentile of [50, 99, 100]) {
      // What is measured is the time between two looks, of which the loop owes only what is beyond the plan.
      const delay = this.#delay.percentile(percentile) / 1e9 - DELAY_RESOLUTION_MS / 1000;
      this.#set.loopDelay.set({ ...worker, percentile }, Math.max(0, delay));
    }
    this.#delay.reset();
    this.#set.residentMemory.set(worker, process.memoryUsage.rss());
    const { user, system } = process.cpuUsage();
    setCounter(this.#set.cpu, worker, (user + system) / 1e6);
    this.#set.queuedBytes.set({ port }, gauges.queuedBytes);
    setCounter(this.#set.busDropped, { port }, gauges.busDropped);
  }
}

/** The sizes that Sockudo's dashboards know. */
function recipientBucket(recipients: number): string {
  if (recipients <= 10) return 'xs';
  if (recipients <= 100) return 'sm';
  if (recipients <= 1000) return 'md';
  return recipients <= 10_000 ? 'lg' : 'xl';
}
