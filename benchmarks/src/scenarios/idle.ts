import { setTimeout as sleep } from 'node:timers/promises';

import { growthPerConnection, residentBytes } from '../meter.ts';
import { openAll } from './phase.ts';
import { measured, type Bench, type Scenario } from './scenario.ts';

const CHANNELS = ['bench-idle'];
/** Memory is read when it has not gone down for so long; the garbage of the handshakes is collected in idle time. */
const REST_MS = 4_000;
const REST_TIMEOUT_MS = 60_000;

/** Clients that are subscribed and do nothing: what each of them holds in memory. */
export const idle: Scenario = {
  describe: ({ idle }) => `${idle} clients, each subscribed to one channel, at rest`,
  metrics: [{ key: 'rss', label: 'server memory per connection', unit: 'KiB', isCharted: true }],
  subscribers: (options) => options.idle,
  async run(bench) {
    const count = bench.options.idle;
    const before = await restingBytes(bench);
    await openAll(bench, { channels: CHANNELS, count });
    const after = await restingBytes(bench);
    return { values: measured({ rss: growthPerConnection({ before, after }, count) }), notes: [] };
  },
};

/** Resident memory of the server when it goes down no more; undefined where it is not known. */
async function restingBytes({ server, options }: Bench): Promise<number | undefined> {
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
