import { setTimeout as sleep } from 'node:timers/promises';

import { mergeHistograms } from '../histogram.ts';
import { requireAll } from '../load/crew.ts';
import { growthPerConnection, Meter, residentBytes } from '../meter.ts';
import { socketsByProcess } from '../process-tree.ts';
import { pidsOf } from '../servers/server.ts';
import { latencyMetrics, latencyValues } from './latency-metrics.ts';
import { measured, per, percentOfCore, type Bench, type Measurement, type Scenario } from './scenario.ts';

const CHANNELS = ['bench-connect'];
const HANDSHAKES_AT_A_TIME = 200;
/** Memory is read when the server has come to rest. */
const REST_MS = 500;

/** A storm of new clients: what a connection with one subscription costs. */
export const connect: Scenario = {
  describe: ({ connections }) => `${connections} clients connect and subscribe, ${HANDSHAKES_AT_A_TIME} at a time`,
  metrics: [
    { key: 'connections', label: 'connections', unit: '/s', isCharted: true },
    ...latencyMetrics({ label: 'time to subscription' }),
    { key: 'cpu', label: 'server CPU per connection', unit: 'µs', isCharted: true },
    { key: 'rss', label: 'server memory per connection', unit: 'KiB', isCharted: true },
    { key: 'loadBusy', label: 'load generator', unit: '% of a core' },
  ],
  subscribers: (options) => options.connections,
  async run(bench: Bench): Promise<Measurement> {
    const { crew, server, options } = bench;
    const count = options.connections;
    await sleep(REST_MS);
    const before = residentBytes(server.pid);
    const meter = new Meter(pidsOf([server]), crew.pids);
    const opened = await crew.open({
      endpoint: server.endpoint,
      channels: CHANNELS,
      count,
      concurrency: HANDSHAKES_AT_A_TIME,
    });
    const reading = meter.read();
    requireAll(opened, count);
    await sleep(REST_MS);
    const after = residentBytes(server.pid);
    const micros = opened.endedAtMicros - opened.startedAtMicros;
    return {
      values: measured({
        connections: (count * 1e6) / micros,
        ...latencyValues(mergeHistograms([opened.latency])),
        cpu: per(reading.serverCpuMicros, count),
        rss: growthPerConnection({ before, after }, count),
        loadBusy: percentOfCore(reading.loadCpuMicros, reading.elapsedMicros),
      }),
      notes: server.pid === undefined ? [] : distribution(server.pid),
    };
  },
};

/** The same where the kernel shares the connections out, and the primary does not see them. */
export const connectKernel: Scenario = { ...connect, sluice: { scheduling: 'kernel' } };

/** Which process holds how many sockets; only worth a line with more than one worker beside the primary. */
function distribution(pid: number): string[] {
  const counts = socketsByProcess(pid);
  if (counts.size < 3) return [];
  const shares = [...counts].map(([each, sockets]) => `${each === pid ? 'primary' : `process ${each}`} ${sockets}`);
  return [`sockets: ${shares.join(', ')}`];
}
