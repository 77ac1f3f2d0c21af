import { RedisServer } from '@sluice/testkit';

import { monotonicMicros } from './clock.ts';
import { BenchmarkFailure } from './errors.ts';

/** ":0\r\n", how Redis answers each PUBLISH (fewer than ten nodes got it). */
const ANSWER_BYTES = 4;

/** What went through a Redis. */
export interface RedisTraffic {
  readonly elapsedMicros: number;
  /** Calls of PUBLISH. */
  readonly messages: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly cpuMicros: number;
}

interface Totals extends Omit<RedisTraffic, 'elapsedMicros'> {
  readonly atMicros: number;
  /** Of the answer that says all this, which is in the next totals. */
  readonly answerBytes: number;
}

export async function startRedis(): Promise<RedisServer> {
  try {
    return await RedisServer.start();
  } catch (error) {
    throw new BenchmarkFailure(`no Redis: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** What goes through a Redis between its start and `read`, by Redis' own account (INFO). */
export class RedisMeter {
  readonly #redis: RedisServer;
  readonly #before: Totals;

  private constructor(redis: RedisServer, before: Totals) {
    this.#redis = redis;
    this.#before = before;
  }

  static async start(redis: RedisServer): Promise<RedisMeter> {
    return new RedisMeter(redis, await totalsOf(redis));
  }

  async read(): Promise<RedisTraffic> {
    const before = this.#before;
    const after = await totalsOf(this.#redis);
    return {
      elapsedMicros: after.atMicros - before.atMicros,
      messages: after.messages - before.messages,
      bytesIn: after.bytesIn - before.bytesIn,
      bytesOut: after.bytesOut - before.bytesOut - before.answerBytes,
      cpuMicros: after.cpuMicros - before.cpuMicros,
    };
  }
}

/** What remains without that which goes on at rest, such as heartbeats. */
export function without(traffic: RedisTraffic, rest: RedisTraffic): RedisTraffic {
  const share = traffic.elapsedMicros / rest.elapsedMicros;
  return {
    elapsedMicros: traffic.elapsedMicros,
    messages: traffic.messages - share * rest.messages,
    bytesIn: traffic.bytesIn - share * rest.bytesIn,
    bytesOut: traffic.bytesOut - share * rest.bytesOut,
    cpuMicros: traffic.cpuMicros - share * rest.cpuMicros,
  };
}

/** How many messages Redis handed out: one leaves it in as many bytes as it came in: MESSAGE is as long a word as PUBLISH. */
export function copiesIn({ messages, bytesIn, bytesOut }: RedisTraffic): number {
  return (bytesOut - ANSWER_BYTES * messages) / (bytesIn / messages);
}

async function totalsOf(redis: RedisServer): Promise<Totals> {
  const atMicros = monotonicMicros();
  const text = await redis.command('INFO', 'stats', 'commandstats', 'cpu');
  const numberOf = (field: RegExp): number => Number(field.exec(text)?.[1] ?? 0);
  return {
    atMicros,
    // Not there before the first call.
    messages: numberOf(/^cmdstat_publish:calls=(\d+)/m),
    bytesIn: numberOf(/^total_net_input_bytes:(\d+)/m),
    bytesOut: numberOf(/^total_net_output_bytes:(\d+)/m),
    cpuMicros: 1e6 * (numberOf(/^used_cpu_user:([\d.]+)/m) + numberOf(/^used_cpu_sys:([\d.]+)/m)),
    answerBytes: Buffer.byteLength(text),
  };
}
