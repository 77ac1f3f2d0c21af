import type { Histogram } from '../histogram.ts';
import type { Metric } from './scenario.ts';

/** What every scenario shows of a latency: the middle, the late ones, and the latest of a thousand. */
const QUANTILES = [
  { key: 'p50', name: 'p50', share: 0.5 },
  { key: 'p99', name: 'p99', share: 0.99 },
  { key: 'p999', name: 'p99.9', share: 0.999 },
] as const;

export interface LatencyMetricsOptions {
  /** Tells the latencies of one scenario apart. */
  readonly prefix?: string;
  readonly label: string;
  readonly charted?: readonly (typeof QUANTILES)[number]['key'][];
}

export function latencyMetrics({ prefix = '', label, charted = ['p50', 'p99'] }: LatencyMetricsOptions): Metric[] {
  return QUANTILES.map(({ key, name }) => ({
    key: `${prefix}${key}`,
    label: `${label} ${name}`,
    unit: 'ms',
    isCharted: charted.includes(key),
  }));
}

/** The values of these metrics, from microseconds. */
export function latencyValues(latency: Histogram, prefix = ''): Record<string, number> {
  return Object.fromEntries(QUANTILES.map(({ key, share }) => [`${prefix}${key}`, latency.quantile(share) / 1000]));
}
