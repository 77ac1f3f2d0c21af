import { setTimeout as sleep } from 'node:timers/promises';

import { mergeHistograms } from '../histogram.ts';
import { describeCounts } from '../load/crew.ts';
import { Meter } from '../meter.ts';
import { socketsByProcess, usageOf } from '../process-tree.ts';
import { measured, per, percentOfCore, type Bench, type Measurement, type Scenario } from './scenario.ts';

const CHANNEL = 'bench-connect';
const HANDSHAKES_AT_A_TIME = 200;
/** Memory is read when the server has come to rest. */
const REST_MS = 500;

/** A storm of new clients: what a connection with one subscription costs. */
export const connect: Scenario = {
  name: 'connect',
  describe: ({ connections }) => `${connections} clients connect and subscribe, ${HANDSHAKES_AT_A_TIME} at a time`,
  metrics: [
    { key: 'connections', label: 'connections', unit: '/s' },
    { key: 'p50', label: 'time to subscription p50', unit: 'ms' },
    { key: 'p99', label: 'time to subscription p99', unit: 'ms' },
    { key: 'errors', label: 'errors', unit: '' },
    { key: 'cpu', label: 'server CPU per connection', unit: 'µs' },
    { key: 'rss', label: 'server memory per connection', unit: 'KiB' },
    { key: 'loadBusy', label: 'load generator', unit: '% of a core' },
  ],
  subscribers: (options) => options.connections,
  async run(bench: Bench): Promise<Measurement> {
    const { crew, server, options } = bench;
    const count = options.connections;
    const roots = server.pid === undefined ? [] : [server.pid];
    await sleep(REST_MS);
    const rssBefore = usageOf(roots)?.rssBytes;
    const meter = new Meter(server.pid, crew.pids);
    const opened = await crew.open({
      endpoint: server.endpoint,
      channel: CHANNEL,
      count,
      concurrency: HANDSHAKES_AT_A_TIME,
    });
    const reading = meter.read();
    await sleep(REST_MS);
    const rssAfter = usageOf(roots)?.rssBytes;
    const micros = opened.endedAtMicros - opened.startedAtMicros;
    const latency = mergeHistograms([opened.latency]);
    const growth = rssBefore === undefined || rssAfter === undefined ? undefined : rssAfter - rssBefore;
    const errors = count - opened.subscribed;
    return {
      values: measured({
        connections: (opened.subscribed * 1e6) / micros,
        p50: latency.quantile(0.5) / 1000,
        p99: latency.quantile(0.99) / 1000,
        errors,
        cpu: per(reading.serverCpuMicros, opened.subscribed),
        rss: per(growth === undefined ? undefined : growth / 1024, opened.subscribed),
        loadBusy: percentOfCore(reading.loadCpuMicros, micros),
      }),
      notes: [
        ...(errors === 0 ? [] : [`errors: ${describeCounts(opened.errors)}`]),
        ...(server.pid === undefined ? [] : distribution(server.pid)),
      ],
    };
  },
};

/** Which process holds how many sockets; only worth a line when there are several. */
function distribution(pid: number): string[] {
  const counts = socketsByProcess(pid);
  if (counts.size < 2) return [];
  const shares = [...counts].map(([each, sockets]) => `${each === pid ? 'primary' : `process ${each}`} ${sockets}`);
  return [`sockets: ${shares.join(', ')}`];
}
