import type { TestContext } from 'node:test';
import {
  ApiClient,
  APP,
  NatsServer,
  RawClient,
  RedisServer,
  type ServerProcess,
  SluiceProcess,
  until,
} from '@sluice/testkit';

/** How nodes are joined, and the server that joins them. */
export interface Joined {
  readonly server: ServerProcess;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Short, so that tests need not wait. */
export const NODE_TIMEOUT_MS = 1500;
export const CLUSTER_HEALTH = { heartbeat_interval_ms: 200, node_timeout_ms: NODE_TIMEOUT_MS };
export const TIMEOUT_MS = 1000;

export async function overRedis(t: TestContext): Promise<Joined> {
  const server = await RedisServer.start();
  t.after(() => server[Symbol.asyncDispose]());
  const adapter = { driver: 'redis', redis: { requests_timeout: TIMEOUT_MS }, cluster_health: CLUSTER_HEALTH };
  return { server, config: { adapter, database: { redis: { port: server.port } } } };
}

export async function overNats(t: TestContext): Promise<Joined> {
  const server = await NatsServer.start();
  t.after(() => server[Symbol.asyncDispose]());
  const nats = { servers: [`nats://127.0.0.1:${server.port}`], request_timeout_ms: TIMEOUT_MS };
  return { server, config: { adapter: { driver: 'nats', nats, cluster_health: CLUSTER_HEALTH } } };
}

export interface NodesOptions {
  readonly count?: number;
  readonly workers?: number;
  /** Of the configuration, beside what joins them. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Of the app, beside the fixture's. */
  readonly app?: Readonly<Record<string, unknown>>;
}

export async function startNodes(
  t: TestContext,
  joined: Pick<Joined, 'config'>,
  options: NodesOptions = {},
): Promise<SluiceProcess[]> {
  const { count = 2 } = options;
  return Promise.all(Array.from({ length: count }, () => startNode(t, joined, options)));
}

export type NodeOptions = Omit<NodesOptions, 'count'> & { readonly port?: number };

export async function startNode(
  t: TestContext,
  joined: Pick<Joined, 'config'>,
  options: NodeOptions = {},
): Promise<SluiceProcess> {
  const { workers = 2, config, app, port } = options;
  const apps = [{ ...APP, enable_client_messages: true, ...app }];
  const node = await SluiceProcess.start({
    workers,
    config: { ...joined.config, ...config, app_manager: { array: { apps } } },
    ...(port === undefined ? {} : { port }),
  });
  t.after(() => node[Symbol.asyncDispose]());
  return node;
}

/** With its workers, as if the machine were gone. */
export async function killNode(node: SluiceProcess): Promise<void> {
  for (const pid of [...node.workerPids(), node.pid]) process.kill(pid, 'SIGKILL');
  await node.exited;
}

export async function connect(
  t: TestContext,
  node: Pick<SluiceProcess, 'wsUrl'>,
  channels: readonly string[] = [],
): Promise<RawClient> {
  const client = await RawClient.connect(node.wsUrl);
  t.after(() => client.close());
  for (const channel of channels) await client.subscribe(channel);
  return client;
}

export interface PublisherOptions {
  readonly event: string;
  readonly channel: string;
  readonly everyMs: number;
  /** Behind each number. */
  readonly padding?: string;
  /** Whether all requests go over one connection. */
  readonly keepAlive?: boolean;
}

/** Publishes numbers at an even pace until it is stopped. */
export class Publisher {
  readonly #api: ApiClient;
  readonly #timer: NodeJS.Timeout;
  readonly #event: string;
  readonly #channel: string;
  readonly #padding: string;
  #underWay = Promise.resolve();
  #isStopped = false;
  sent = 0;
  readonly failures: string[] = [];

  constructor(node: Pick<SluiceProcess, 'port'>, options: PublisherOptions) {
    const { event, channel, everyMs, padding = '', keepAlive = true } = options;
    this.#api = new ApiClient(node.port, APP, { keepAlive });
    this.#event = event;
    this.#padding = padding;
    this.#channel = channel;
    this.#timer = setInterval(() => this.#publish(), everyMs);
  }

  get expected(): string[] {
    return Array.from({ length: this.sent }, (_, i) => String(i));
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#isStopped = true;
    await this.#underWay;
    this.#api[Symbol.dispose]();
  }

  #publish(): void {
    this.#underWay = this.#underWay.then(async () => {
      // What a busy machine left waiting is not worth the wait.
      if (this.#isStopped) return;
      const outcome = await this.#api.trigger(this.#channel, this.#event, `${this.sent}${this.#padding}`).then(
        ({ status }) => status,
        (error: NodeJS.ErrnoException) => error.code ?? error.message,
      );
      if (outcome === 200) this.sent++;
      else this.failures.push(`${this.sent}: ${outcome}`);
    });
  }
}

const ARRIVAL_MS = 15_000;

/**
 * Waits until a client has had as many different events of a name, and gives the data of all. One that was refused while a node
 * died may have been passed on all the same, and comes again when its publisher sends it again.
 */
export async function dataOfAll(client: RawClient, event: string, count: number): Promise<unknown[]> {
  const data = (): unknown[] => client.frames.filter((frame) => frame.event === event).map((frame) => frame.data);
  await until(`${count} of ${event}`, () => new Set(data()).size >= count, ARRIVAL_MS).catch(() => {});
  return data();
}
