import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';

/** Nothing that is waited for so waits for a timer of the engine, as the one that destroys a socket after 5 s. */
export const SOON_MS = 3000;

/** Options of a test. */
export const QUICK: { readonly timeout: number } = { timeout: SOON_MS + 500 };

export async function until(condition: () => boolean): Promise<void> {
  const endsAt = performance.now() + SOON_MS;
  while (!condition()) {
    assert.ok(performance.now() < endsAt, `waited in vain until ${String(condition)}`);
    await turn();
  }
}
