import { freePort } from '../free-port.ts';
import { until } from '../until.ts';
import { RedisServer } from './redis.ts';

export interface RedisClusterOptions {
  /** Each master has one, that takes its place when it is gone. */
  readonly hasReplicas?: boolean;
  /** For all nodes, beside those that any test server has. */
  readonly args?: readonly string[];
}

const MASTERS = 3;
const SLOTS = 16_384;
/** A node that does not answer for so long is given up by the others. */
const NODE_TIMEOUT_MS = 1000;
const START_TIMEOUT_MS = 20_000;

/** Three masters with a third of the slots each, and replicas where they are asked for. */
export class RedisCluster implements AsyncDisposable {
  readonly masters: readonly RedisServer[];
  readonly replicas: readonly RedisServer[];

  private constructor(masters: readonly RedisServer[], replicas: readonly RedisServer[]) {
    this.masters = masters;
    this.replicas = replicas;
  }

  static async start({ hasReplicas = false, args = [] }: RedisClusterOptions = {}): Promise<RedisCluster> {
    const count = hasReplicas ? 2 * MASTERS : MASTERS;
    const nodes = await Promise.all(Array.from({ length: count }, () => startNode(args)));
    const cluster = new RedisCluster(nodes.slice(0, MASTERS), nodes.slice(MASTERS));
    try {
      await cluster.#form();
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
    return cluster;
  }

  get nodes(): readonly RedisServer[] {
    return [...this.masters, ...this.replicas];
  }

  get ports(): readonly number[] {
    return this.nodes.map(({ port }) => port);
  }

  /** Until every node sees all others and all slots, and every replica has what its master has. */
  async isWhole(): Promise<void> {
    const { length } = this.nodes;
    await this.#all('the cluster to be whole', async (node) => {
      const cluster = await node.command('CLUSTER', 'INFO');
      const replication = await node.command('INFO', 'replication');
      return (
        cluster.includes('cluster_state:ok') &&
        cluster.includes(`cluster_known_nodes:${length}`) &&
        !replication.includes('link_status:down')
      );
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node[Symbol.asyncDispose]()));
  }

  async #form(): Promise<void> {
    const [first, ...others] = this.nodes;
    if (first === undefined) return;
    for (const [i, master] of this.masters.entries()) {
      const from = Math.ceil((i * SLOTS) / MASTERS);
      const to = Math.ceil(((i + 1) * SLOTS) / MASTERS) - 1;
      await master.command('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to));
      await master.command('CLUSTER', 'SET-CONFIG-EPOCH', String(i + 1));
    }
    const busPort = await busPortOf(first);
    for (const node of others) await node.command('CLUSTER', 'MEET', '127.0.0.1', String(first.port), busPort);
    await this.isWhole();
    for (const [i, replica] of this.replicas.entries()) {
      const id = (await this.masters[i]?.command('CLUSTER', 'MYID')) ?? '';
      await replica.command('CLUSTER', 'REPLICATE', id);
    }
    // A node that does not know a replica yet would not count its wish to be master.
    await this.#all('all to know the replicas', async (node) => {
      const nodes = await node.command('CLUSTER', 'NODES');
      return nodes.split('\n').filter((line) => line.includes('slave')).length === this.replicas.length;
    });
    await this.isWhole();
  }

  async #all(what: string, holds: (node: RedisServer) => Promise<boolean>): Promise<void> {
    await Promise.all(this.nodes.map((node) => until(what, () => holds(node), START_TIMEOUT_MS)));
  }
}

async function startNode(args: readonly string[]): Promise<RedisServer> {
  // The default is 10,000 above the port, which may be taken.
  const busPort = ['--cluster-port', String(await freePort())];
  const timeout = ['--cluster-node-timeout', String(NODE_TIMEOUT_MS)];
  return RedisServer.start({ args: ['--cluster-enabled', 'yes', ...busPort, ...timeout, ...args] });
}

async function busPortOf(node: RedisServer): Promise<string> {
  const [, port = ''] = (await node.command('CONFIG', 'GET', 'cluster-port')).split('\n');
  return port;
}
