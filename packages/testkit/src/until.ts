import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 10;
/** Ends what would never; how fast things are is not judged by it, and a machine may have much else to do. */
const PATIENCE_MS = 15_000;

/** Waits for a condition to give something; fails with `what` after `timeoutMs`. */
export async function until<T>(
  what: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = PATIENCE_MS,
): Promise<T> {
  const endsAt = performance.now() + timeoutMs;
  for (;;) {
    const result = await condition();
    if (result !== undefined && result !== false) return result;
    if (performance.now() > endsAt) throw new Error(`waited ${timeoutMs} ms in vain for: ${what}`);
    await sleep(POLL_MS);
  }
}
