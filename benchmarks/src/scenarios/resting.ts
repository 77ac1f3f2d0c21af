import { setTimeout as sleep } from 'node:timers/promises';
import { residentBytes } from '../meter.ts';
import type { Bench } from './scenario.ts';

/** Memory is read when it has not gone down for so long; the garbage of the handshakes is collected in idle time. */
const REST_MS = 4_000;
const REST_TIMEOUT_MS = 60_000;

/** Resident memory of the server when it goes down no more; undefined where it is not known. */
export async function restingBytes({ server, options }: Bench): Promise<number | undefined> {
  const restMs = Math.min(REST_MS, options.durationMs);
  const endsAt = performance.now() + REST_TIMEOUT_MS;
  let lowest = residentBytes(server.pid);
  let lowestAt = performance.now();
  while (performance.now() - lowestAt < restMs && performance.now() < endsAt) {
    await sleep(100);
    const now = residentBytes(server.pid);
    if (lowest === undefined || now === undefined || now >= lowest) continue;
    lowest = now;
    lowestAt = performance.now();
  }
  return lowest;
}
