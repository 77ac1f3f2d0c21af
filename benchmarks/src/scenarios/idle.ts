import { growthPerConnection } from '../meter.ts';
import { openAll } from './phase.ts';
import { restingBytes } from './resting.ts';
import { measured, type Scenario } from './scenario.ts';

const CHANNELS = ['bench-idle'];
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
