import { setTimeout as sleep } from 'node:timers/promises';

import type { RedisServer } from '@sluice/testkit';

import { acceptedIn } from '../load/crew.ts';
import { copiesIn, RedisMeter, startRedis, without, type RedisTraffic } from '../redis-meter.ts';
import { cpuMicrosOf, descendants, writtenBy } from '../process-tree.ts';
import { pidsOf, type Server } from '../servers/server.ts';
import { latencyMetrics, latencyValues } from './latency-metrics.ts';
import { notSustained, openAll, PUBLISHERS, runPhase, runSteady } from './phase.ts';
import { measured, per, type Bench, type Measurement, type Metric, type Scenario } from './scenario.ts';

const CHANNELS = ['bench-nodes'];
const NOBODYS = ['bench-nobody'];
const RATE = 20;
/** How many nodes Redis joins. */
const SIZES = [1, 2, 4] as const;
/** At rest there are heartbeats only, each second. */
const REST_MS = 2_000;
/**
 * Where nodes are joined, an answer waits for other processes, and eight publishers wait with it: each round of writes then has
 * fewer messages to gather than on a node alone, and the figures would be those of the wait.
 */
const SATURATING = 96;
const SATURATED = { channels: CHANNELS, publishers: SATURATING, rate: null };

type Values = Record<string, number | undefined>;

/** The same clients on one node, and shared out over several with Redis between them: what nodes cost. */
export const nodes: Scenario = {
  describe: (options) =>
    `${subscribersOf(options)} subscribers on one channel, shared out over the nodes, which are not pinned; ${options.durationMs / 1000} s each at ${RATE} publishes/s and saturated by ${SATURATING} publishers, who are shared out too`,
  metrics: [
    ...nodeMetrics({ prefix: 'alone.', label: 'a node alone' }),
    ...SIZES.flatMap((size) => {
      const [prefix, label] = [`${size}.`, `${size} over Redis`];
      return [...nodeMetrics({ prefix, label }), ...redisMetrics({ prefix, label })];
    }),
    { key: '2.added.p99', label: `2 over Redis: p99 at ${RATE}/s beyond that of a node alone`, unit: 'ms' },
  ],
  without: ['bare', 'soketi', 'url'],
  isUnpinned: true,
  subscribers: subscribersOf,
  async run(bench): Promise<Measurement> {
    const values: Values = {};
    const notes: string[] = [];
    const note = (text: string | null): void => {
      if (text !== null) notes.push(text);
    };
    note(await runAtRate(bench, 'alone.', values));
    await runSaturated(bench, 'alone.', values);
    await bench.crew.close();
    for (const size of SIZES) {
      const redis = await startRedis();
      try {
        note(await runNodes(bench, { size, redis, values }));
      } finally {
        await redis[Symbol.asyncDispose]();
      }
    }
    const [alone, two] = [values['alone.p99'], values['2.p99']];
    if (alone !== undefined && two !== undefined) values['2.added.p99'] = two - alone;
    return { values: measured(values), notes };
  },
};

interface Label {
  readonly prefix: string;
  readonly label: string;
}

function nodeMetrics({ prefix, label }: Label): Metric[] {
  return [
    { key: `${prefix}deliveries`, label: `${label}: deliveries`, unit: '/s', isCharted: true },
    { key: `${prefix}cpu`, label: `${label}: CPU of all nodes per delivery`, unit: 'µs', isCharted: true },
    { key: `${prefix}primaryCpu`, label: `${label}: CPU of all primaries per publish`, unit: 'µs' },
    { key: `${prefix}gathered`, label: `${label}: messages gathered into one write`, unit: '' },
    ...latencyMetrics({ prefix, label: `${label}: latency at ${RATE}/s` }),
    { key: `${prefix}steadyCpu`, label: `${label}: CPU of all nodes per delivery at ${RATE}/s`, unit: 'µs' },
  ];
}

function redisMetrics({ prefix, label }: Label): Metric[] {
  return [
    { key: `${prefix}messages`, label: `${label}: messages to Redis per publish`, unit: '' },
    { key: `${prefix}copies`, label: `${label}: messages from Redis per publish`, unit: '' },
    { key: `${prefix}bytesIn`, label: `${label}: to Redis per publish`, unit: 'bytes' },
    { key: `${prefix}bytesOut`, label: `${label}: from Redis per publish`, unit: 'bytes' },
    { key: `${prefix}redisCpu`, label: `${label}: CPU of Redis per publish`, unit: 'µs' },
    { key: `${prefix}unwanted`, label: `${label}: messages from Redis per publish that nobody wants`, unit: '' },
    { key: `${prefix}rest`, label: `${label}: messages to Redis at rest`, unit: '/s' },
    { key: `${prefix}restOut`, label: `${label}: from Redis at rest`, unit: 'bytes/s' },
  ];
}

/** The clients on all nodes, at a steady rate. Returns what is to be noted. */
async function runAtRate(bench: Bench, prefix: string, values: Values): Promise<string | null> {
  const { durationMs, warmUpMs } = bench.options;
  await openAll(bench, { channels: CHANNELS, count: subscribersOf(bench.options) });
  await runPhase(bench, { ...SATURATED, durationMs: warmUpMs });
  const steady = await runSteady(bench, { ...SATURATED, publishers: PUBLISHERS, rate: RATE, durationMs });
  if (steady === null) return `${prefix.slice(0, -1)}: ${notSustained(RATE)}`;
  Object.assign(values, latencyValues(steady.latency, prefix));
  values[`${prefix}steadyCpu`] = per(steady.reading.serverCpuMicros, steady.settled.deliveries);
  return null;
}

/** The same clients, saturated. Returns how many publishes were accepted. */
async function runSaturated(bench: Bench, prefix: string, values: Values): Promise<number> {
  const primaries = pidsOf(bench.nodes ?? [bench.server]);
  const workers = primaries.flatMap(descendants);
  const before = { calls: writtenBy(workers).calls, cpuMicros: cpuMicrosOf(primaries) };
  const phase = await runPhase(bench, { ...SATURATED, durationMs: bench.options.durationMs });
  const { accepted, settled, seconds, reading } = phase;
  values[`${prefix}deliveries`] = settled.deliveries / seconds;
  values[`${prefix}cpu`] = per(reading.serverCpuMicros, settled.deliveries);
  values[`${prefix}gathered`] = per(settled.deliveries, writtenBy(workers).calls - before.calls);
  values[`${prefix}primaryCpu`] = per(cpuMicrosOf(primaries) - before.cpuMicros, accepted);
  return accepted;
}

interface Joined {
  readonly size: number;
  readonly redis: RedisServer;
  readonly values: Values;
}

async function runNodes(bench: Bench, { size, redis, values }: Joined): Promise<string | null> {
  const prefix = `${size}.`;
  const joined: Server[] = [];
  try {
    const env = { ADAPTER_DRIVER: 'redis', DATABASE_REDIS_PORT: String(redis.port) };
    for (let i = 0; i < size; i++) joined.push(await bench.startNode(env));
    bench.progress(`${size} node(s) over Redis`);
    const cluster = { ...bench, nodes: joined };
    const restMs = Math.min(REST_MS, bench.options.durationMs);
    const rest = await trafficOf(redis, () => sleep(restMs));
    values[`${prefix}rest`] = (1e6 * rest.messages) / rest.elapsedMicros;
    values[`${prefix}restOut`] = (1e6 * rest.bytesOut) / rest.elapsedMicros;
    const note = await runAtRate(cluster, prefix, values);
    Object.assign(values, await wanted({ cluster, redis, rest }, { prefix, values }));
    values[`${prefix}unwanted`] = await unwanted({ cluster, redis, rest });
    await bench.crew.close();
    return note;
  } finally {
    await Promise.all(joined.map((node) => node.stop()));
  }
}

interface Metered {
  readonly cluster: Bench;
  readonly redis: RedisServer;
  readonly rest: RedisTraffic;
}

/** What goes through Redis for publishes that every node has subscribers for. */
async function wanted(
  { cluster, redis, rest }: Metered,
  { prefix, values }: { readonly prefix: string; readonly values: Values },
): Promise<Values> {
  let publishes = 0;
  const all = await trafficOf(redis, async () => {
    publishes = await runSaturated(cluster, prefix, values);
  });
  const traffic = without(all, rest);
  return {
    [`${prefix}messages`]: traffic.messages / publishes,
    [`${prefix}copies`]: copiesIn(traffic) / publishes,
    [`${prefix}bytesIn`]: traffic.bytesIn / publishes,
    [`${prefix}bytesOut`]: traffic.bytesOut / publishes,
    [`${prefix}redisCpu`]: traffic.cpuMicros / publishes,
  };
}

/** Messages that Redis hands to nodes for each publish that no client on any of them listens to. */
async function unwanted({ cluster, redis, rest }: Metered): Promise<number> {
  const endpoints = (cluster.nodes ?? []).map(({ endpoint }) => endpoint);
  const { durationMs } = cluster.options;
  let publishes = 0;
  const all = await trafficOf(redis, async () => {
    const load = { endpoints, channels: NOBODYS, publishers: PUBLISHERS, rate: null, durationMs };
    publishes = acceptedIn(await cluster.crew.publish(load));
  });
  return copiesIn(without(all, rest)) / publishes;
}

async function trafficOf(redis: RedisServer, work: () => Promise<void>): Promise<RedisTraffic> {
  const meter = await RedisMeter.start(redis);
  await work();
  return meter.read();
}

function subscribersOf({ subscribers }: { readonly subscribers: number }): number {
  return 2 * subscribers;
}
