import { Counter, Gauge, type Registry } from 'prom-client';
import { CLUSTER_METRICS } from './metric-list.ts';
import { setCounter } from './set-counter.ts';

type Name = keyof typeof CLUSTER_METRICS;

/** What this node knows of the others. The counters only grow. */
export interface OthersState {
  readonly nodes: number;
  readonly isConnected: boolean;
  readonly counters: Readonly<Record<Exclude<Name, 'nodes' | 'connected'>, number>>;
}

/** The metrics of a node among others; registered when there first are any to tell. */
export class ClusterMetrics {
  readonly #labels: { readonly port: number };
  readonly #metrics: ReadonlyMap<string, Counter | Gauge>;

  constructor(registry: Registry, { prefix, port }: { readonly prefix: string; readonly port: number }) {
    this.#labels = { port };
    const entries = Object.entries(CLUSTER_METRICS).map(([key, { name, help, labels, type }]) => {
      const config = { name: prefix + name, help, labelNames: [...labels], registers: [registry] };
      return [key, type === 'counter' ? new Counter(config) : new Gauge(config)] as const;
    });
    this.#metrics = new Map(entries);
  }

  set({ nodes, isConnected, counters }: OthersState): void {
    const values = { ...counters, nodes: nodes + 1, connected: Number(isConnected) };
    for (const [key, value] of Object.entries(values)) {
      const metric = this.#metrics.get(key);
      if (metric instanceof Counter) setCounter(metric, this.#labels, value);
      else metric?.set(this.#labels, value);
    }
  }
}
