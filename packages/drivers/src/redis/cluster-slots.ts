import type { Redis } from 'ioredis';
import { inTime } from '../in-time.ts';
import { type Address, createClient, describeAddress, type RedisClusterConnection } from './connection.ts';
import { SLOTS } from './slot.ts';

/** Who has which slots, as one node of a cluster sees it. */
export interface ClusterSlots {
  /** The master of each slot, by address. */
  readonly masters: readonly string[];
  /** By address: all nodes, replicas too. */
  readonly nodes: ReadonlyMap<string, Address>;
}

/** Nodes that are asked at once where none is known to answer. */
const ASKED_AT_ONCE = 10;

/** Asks several nodes; the first answer counts. Rejects, with the reasons of all, where there is none. */
export async function findSlots(
  connection: RedisClusterConnection,
  nodes: Iterable<Address>,
  timeoutMs: number,
): Promise<ClusterSlots> {
  // In any order, so that one that always says the same wrong thing is not always the first.
  const asked = [...nodes].sort(() => Math.random() - 0.5).slice(0, ASKED_AT_ONCE);
  try {
    return await Promise.any(asked.map((address) => askAlone({ connection, address, timeoutMs })));
  } catch (error) {
    if (!(error instanceof AggregateError)) throw error;
    const reasons = error.errors.map((each: unknown) => (each instanceof Error ? each.message : String(each)));
    throw new Error(reasons.join('; '), { cause: error });
  }
}

/**
 * Asks a node over a connection that there is. Rejects where not every slot has a master, or where the node is not in touch
 * with the others: one that was away knows the masters of the time before, among them perhaps itself.
 */
export async function askSlots(redis: Redis, asked: Address): Promise<ClusterSlots> {
  const info = await redis.cluster('INFO');
  if (!info.includes('cluster_state:ok')) throw new Error('the cluster is down, as this node sees it');
  const masters: string[] = [];
  const nodes = new Map<string, Address>();
  for (const range of listOf(await redis.cluster('SLOTS'))) {
    const [first, last, ...holders] = listOf(range);
    const addresses = holders.map((holder) => toAddress(holder, asked));
    for (const address of addresses) nodes.set(describeAddress(address), address);
    const [master] = addresses;
    if (master === undefined) continue;
    for (let slot = Number(first); slot <= Number(last); slot++) masters[slot] = describeAddress(master);
  }
  for (let slot = 0; slot < SLOTS; slot++) {
    if (masters[slot] === undefined) throw new Error(`slot ${slot} of the cluster has no master`);
  }
  return { masters, nodes };
}

interface Question {
  readonly connection: RedisClusterConnection;
  readonly address: Address;
  readonly timeoutMs: number;
}

async function askAlone({ connection, address, timeoutMs }: Question): Promise<ClusterSlots> {
  const { username, password, tls } = connection;
  const redis = createClient({ address, db: 0, username, password, tls, sentinel: null }, timeoutMs);
  let failure: Error | null = null;
  redis.on('error', (error: Error) => {
    failure = error;
  });
  try {
    await inTime(timeoutMs, redis.connect());
    return await inTime(timeoutMs, askSlots(redis, address));
  } catch (error) {
    const { message } = failure ?? (error instanceof Error ? error : new Error(String(error)));
    throw new Error(`${describeAddress(address)}: ${message}`, { cause: error });
  } finally {
    redis.disconnect();
  }
}

/** A node that does not know its own address gives none: it is where it was asked. */
function toAddress(holder: unknown, asked: Address): Address {
  const [host, port] = listOf(holder);
  return { host: typeof host === 'string' && host !== '' ? host : asked.host, port: Number(port) };
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error('CLUSTER SLOTS was not answered with lists');
  return value;
}
