import type { Counter } from 'prom-client';

/** prom-client's counters only add; what is read here is already a sum. */
export function setCounter(counter: Counter, labels: Readonly<Record<string, string | number>>, value: number): void {
  counter.remove(labels);
  counter.inc(labels, value);
}
