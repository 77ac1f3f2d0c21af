import type { RetryRules } from './options.ts';

/** Up to this part is taken off, so that endpoints that went down together are not called together. */
const JITTER = 0.25;

/** How long to wait after the given number of failures in a row. */
export function backoffMs(failures: number, { initialBackoffMs, maxBackoffMs }: RetryRules): number {
  const full = Math.min(maxBackoffMs, initialBackoffMs * 2 ** (failures - 1));
  return full * (1 - JITTER * Math.random());
}
