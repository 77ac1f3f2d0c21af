import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import {
  APP,
  freePort,
  type Program,
  NatsServer,
  RedisServer,
  type SluiceOptions,
  SluiceProcess,
  TLS_FIXTURE,
  until,
} from '@sluice/testkit';
import { type AppCredentials, type Endpoint, type Need, type Target, WebhookReceiver } from '../src/index.ts';
import {
  BATCHED_SETTINGS,
  batchedWebhooks,
  DURABLE,
  durableSettings,
  MAIN_SETTINGS,
  mainWebhooks,
  providedByBatched,
  providedByMain,
  secondAppWebhooks,
  WEBHOOK_SECRETS,
  webhookTo,
} from './webhook-fixture.ts';

type Provides = Target['provides'];

const MAX_MESSAGE_KB = 64;
/** What a client that does not read may leave waiting, so that a row need not publish much. */
const MAX_QUEUED_BYTES = 1024 * 1024;
const PREFIX = '/realtime';
/** Workers of the server that loses some. Those that are left when one is killed have to reach each other. */
const KILLABLE = 3;

const MAIN_APP = {
  ...APP,
  enable_client_messages: true,
  additional_keys: [
    { key: 'second-key', secret: 'second-secret' },
    { key: 'disabled-key', secret: 'disabled-secret', enabled: false },
  ],
};

function app(id: string): AppCredentials {
  return { id, key: `key-${id}`, secret: `secret-${id}` };
}

const [SECOND, DISABLED, LIMITED] = [app('1002'), app('1003'), app('1004')];
const [NO_CLIENT_EVENTS, NO_COUNT, QUIET] = [app('1005'), app('1006'), app('1007')];

const [AUTHORISED, AUTHORISED_LIMITED] = [app('1008'), app('1009')];

const FORCED_TLS = app('1010');

const [COUNTING, WATCHING] = [app('1011'), app('1012')];
const CACHE_SECONDS = 1;
const DRAIN_WINDOW = { shutdown: { drain_window_ms: 300 } };

const AUTHORISED_APPS = [
  { ...AUTHORISED, enable_user_authentication: true },
  { ...AUTHORISED_LIMITED, enable_user_authentication: true, max_connections: 1 },
];

const BESIDE = [
  { ...DISABLED, enabled: false },
  { ...LIMITED, max_connections: 1 },
  { ...NO_CLIENT_EVENTS, enable_client_messages: false },
  { ...NO_COUNT, enable_subscription_count: false },
  QUIET,
  { ...WATCHING, enable_watchlist_events: true },
];

/** The apps of the main server. */
function appsTelling(receiver: WebhookReceiver): readonly object[] {
  return [
    { ...MAIN_APP, webhooks: mainWebhooks(receiver) },
    { ...SECOND, enable_client_messages: true, webhooks: secondAppWebhooks(receiver) },
    { ...COUNTING, enable_subscription_count_events: true, webhooks: [webhookTo(receiver, '/counting')] },
    ...BESIDE,
  ];
}

/** What the main server has beside its main app. */
const IN_MAIN: Provides = {
  'second-app': { app: SECOND },
  'quiet-app': { app: QUIET },
  'disabled-app': { app: DISABLED },
  'limited-app': { app: LIMITED },
  'client-events-off': { app: NO_CLIENT_EVENTS },
  'subscription-count-off': { app: NO_COUNT },
  'watchlist-off': { app: APP },
  'subscription-count-events': { app: COUNTING },
  watchlist: { app: WATCHING },
  'second-app-webhooks': { app: SECOND },
  'counting-webhooks': { app: COUNTING, path: '/counting' },
  'several-keys': {
    enabled: { key: 'second-key', secret: 'second-secret' },
    disabled: { key: 'disabled-key', secret: 'disabled-secret' },
  },
};

/** Starts a server that ends with the fixture; of one worker unless the options say otherwise. */
type Start = (options: SluiceOptions) => Promise<SluiceProcess>;

/** Has a server that is not ours end with the fixture. */
type StartServer = <Server extends AsyncDisposable>(starting: Promise<Server>) => Promise<Server>;

/** A server beside the main one. */
interface Extra {
  readonly provides: readonly Need[];
  readonly prepare: (start: Start, receiver: WebhookReceiver, startServer: StartServer) => Promise<Provides>;
}

const EXTRAS: readonly Extra[] = [
  {
    provides: ['short-timeouts', 'authorised-connections'],
    async prepare(start) {
      const apps = [MAIN_APP, ...AUTHORISED_APPS];
      const timeouts = { activity_timeout: 1, pong_timeout: 1, user_authentication_timeout: 1 };
      const endpoint = endpointOf(await start({ config: { ...timeouts, app_manager: { array: { apps } } } }));
      return {
        'short-timeouts': { endpoint, activitySeconds: 1, pongSeconds: 1 },
        'authorised-connections': { endpoint, seconds: 1, app: AUTHORISED, limitedApp: AUTHORISED_LIMITED },
      };
    },
  },
  {
    provides: ['path-prefix', 'lenient-protocol'],
    async prepare(start) {
      const server = await start({ config: { path_prefix: PREFIX, websocket: { allow_missing_protocol: true } } });
      const endpoint = { ...endpointOf(server), prefix: PREFIX };
      return { 'path-prefix': { endpoint }, 'lenient-protocol': { endpoint } };
    },
  },
  {
    provides: ['node-capacity'],
    async prepare(start) {
      const server = await start({ config: { max_connections: 2 } });
      return { 'node-capacity': { endpoint: endpointOf(server), maxConnections: 2 } };
    },
  },
  {
    provides: ['restart'],
    async prepare(start) {
      return { restart: restartable(await start({ config: DRAIN_WINDOW }), start) };
    },
  },
  {
    provides: ['changeable-app'],
    async prepare(start) {
      return { 'changeable-app': changeable(await start({ workers: 2 })) };
    },
  },
  {
    provides: ['backplane'],
    async prepare(start, _receiver, startServer) {
      const redis = await startServer(RedisServer.start());
      const adapter = { driver: 'redis', redis: { requests_timeout: 1000 } };
      const config = { adapter, database: { redis: { port: redis.port } } };
      const nodes = await Promise.all([start({ config }), start({ config, workers: 2 })]);
      const [first, second] = nodes.map(endpointOf);
      if (first === undefined || second === undefined) throw new Error('two nodes were started');
      return { backplane: { endpoints: [first, second], lose: () => redis.kill(), restore: () => redis.start() } };
    },
  },
  {
    provides: ['forced-tls'],
    async prepare(start) {
      const plainPort = await freePort();
      const { certFile: cert_path, keyFile: key_path } = TLS_FIXTURE;
      const apps = [MAIN_APP, { ...FORCED_TLS, force_tls: true }];
      const ssl = { enabled: true, cert_path, key_path, http_port: plainPort };
      const encrypted = await start({ config: { app_manager: { array: { apps } }, ssl } });
      return {
        'forced-tls': {
          // pusher-js names the host to TLS, which an address is not allowed to be.
          plain: { host: 'localhost', port: plainPort },
          secure: { ...endpointOf(encrypted), host: 'localhost', secure: true },
          app: FORCED_TLS,
        },
      };
    },
  },
  {
    provides: ['kill-process', 'kill-process-webhooks'],
    async prepare(start, receiver) {
      const path = '/killed';
      const config = { app_manager: { array: { apps: [{ ...MAIN_APP, webhooks: [webhookTo(receiver, path)] }] } } };
      // At this level the log tells when a worker listens.
      const server = await start({ workers: KILLABLE, config, env: { LOG_LEVEL: 'debug' } });
      return { 'kill-process': killable(server), 'kill-process-webhooks': { path } };
    },
  },
  {
    provides: ['durable-webhooks'],
    async prepare(start, receiver, startServer) {
      const { port } = await startServer(RedisServer.start());
      const config = durableSettings(receiver, MAIN_APP, port);
      return { 'durable-webhooks': { ...DURABLE, ...replaceable(await start({ config }), start, config) } };
    },
  },
  {
    // Rows that need webhooks ask this server for a part of their statements.
    provides: ['short-cache', 'webhooks', 'batched-webhooks', 'short-webhook-retries'],
    async prepare(start, receiver) {
      const apps = [{ ...MAIN_APP, webhooks: batchedWebhooks(receiver) }];
      const channel_limits = { cache_ttl: CACHE_SECONDS };
      const config = { channel_limits, webhooks: BATCHED_SETTINGS, app_manager: { array: { apps } } };
      const endpoint = endpointOf(await start({ config }));
      return { 'short-cache': { endpoint, seconds: CACHE_SECONDS }, ...providedByBatched(endpoint) };
    },
  },
];

export interface FixtureOptions {
  /** Only the servers that give one of these are started beside the main one; all, if it is left out. */
  readonly needs?: ReadonlySet<Need>;
  readonly program?: Program;
  /** What joins the processes of the main server: three workers of one node, or two nodes of two workers. */
  readonly joinedBy?: 'bus' | 'redis' | 'nats';
}

/** Real servers with what the rows need. */
export class Fixture implements AsyncDisposable {
  readonly target: Target;
  readonly #servers: readonly AsyncDisposable[];
  readonly #receiver: WebhookReceiver;

  private constructor(target: Target, servers: readonly AsyncDisposable[], receiver: WebhookReceiver) {
    this.target = target;
    this.#servers = servers;
    this.#receiver = receiver;
  }

  static async start({ needs, program, joinedBy = 'bus' }: FixtureOptions = {}): Promise<Fixture> {
    tls.setDefaultCACertificates([readFileSync(TLS_FIXTURE.certFile, 'utf8')]);
    const servers: SluiceProcess[] = [];
    /** Rows may start others. */
    const running: AsyncDisposable[] = [];
    const start: Start = async (options) => {
      const server = await SluiceProcess.start({ ...(program === undefined ? {} : { program }), ...options });
      servers.push(server);
      running.push(server);
      return server;
    };
    const startServer: StartServer = async (starting) => {
      const server = await starting;
      running.push(server);
      return server;
    };
    const receiver = await WebhookReceiver.listen(0, '127.0.0.1');
    const extras = EXTRAS.filter(({ provides }) => needs === undefined || provides.some((need) => needs.has(need)));
    const between = await joinNodes(joinedBy, startServer);
    const starting = [
      startMain({ start, receiver, joined: between }, needs),
      ...extras.map(({ prepare }) => prepare(start, receiver, startServer)),
    ] as const;
    try {
      const [target, ...provided] = await Promise.all(starting);
      const provides = Object.assign({ logs: logsOf(servers) }, target.provides, ...provided) as Provides;
      return new Fixture({ ...target, provides }, running, receiver);
    } catch (error) {
      await Promise.allSettled(starting);
      await Promise.all([disposeAll(running), receiver.close()]);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([disposeAll(this.#servers), this.#receiver.close()]);
  }
}

/** Settings of nodes with a server between them; null: there is one node. */
async function joinNodes(by: FixtureOptions['joinedBy'], startServer: StartServer): Promise<object | null> {
  if (by === 'redis') {
    const { port } = await startServer(RedisServer.start());
    return { adapter: { driver: 'redis' }, database: { redis: { port } } };
  }
  if (by !== 'nats') return null;
  const { port } = await startServer(NatsServer.start());
  return { adapter: { driver: 'nats', nats: { servers: [`nats://127.0.0.1:${port}`] } } };
}

/** Nodes know each other's numbers within 100 ms; the machine has much else to do. */
const SETTLE_MS = 300;

interface MainParts {
  readonly start: Start;
  readonly receiver: WebhookReceiver;
  readonly joined: object | null;
}

/** Of several processes where rows need several, or everything is needed. */
async function startMain({ start, receiver, joined }: MainParts, needs: FixtureOptions['needs']): Promise<Target> {
  const isSpread = needs?.has('several-processes') ?? true;
  const config = {
    ...joined,
    websocket_max_payload_kb: MAX_MESSAGE_KB,
    websocket: { max_bytes: MAX_QUEUED_BYTES },
    webhooks: MAIN_SETTINGS,
    app_manager: { array: { apps: appsTelling(receiver) } },
  };
  const workers = isSpread ? (joined === null ? 3 : 2) : 1;
  const nodes = Array.from({ length: joined === null ? 1 : 2 }, () => {
    return start({ workers, config, env: { LOG_LEVEL: 'debug' } });
  });
  const [endpoint, ...more] = (await Promise.all(nodes)).map(endpointOf);
  if (endpoint === undefined) throw new Error('a node was started');
  const provides: Provides = {
    ...IN_MAIN,
    ...providedByMain(receiver),
    'max-message-size': { bytes: MAX_MESSAGE_KB * 1024 },
    ...(isSpread
      ? { 'several-processes': { endpoints: [endpoint, ...more], settleMs: joined === null ? 0 : SETTLE_MS } }
      : {}),
  };
  return { endpoint, app: APP, provides };
}

/** Of all servers, together. */
function logsOf(servers: readonly SluiceProcess[]): NonNullable<Provides['logs']> {
  const keys = MAIN_APP.additional_keys.map(({ secret }) => secret);
  const apps = [SECOND, DISABLED, LIMITED, NO_CLIENT_EVENTS, NO_COUNT, QUIET, COUNTING, WATCHING, FORCED_TLS];
  return {
    read: () => servers.map(({ output }) => output).join(''),
    secrets: [...keys, ...WEBHOOK_SECRETS, ...apps.map(({ secret }) => secret)],
  };
}

async function disposeAll(servers: readonly AsyncDisposable[]): Promise<void> {
  await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
}

function endpointOf({ port }: SluiceProcess): Endpoint {
  return { host: '127.0.0.1', port };
}

/** Each start is another process, on the port of the first. */
function restartable(first: SluiceProcess, start: Start): NonNullable<Provides['restart']> {
  let server = first;
  return {
    endpoint: endpointOf(first),
    async stop() {
      server.signal('SIGTERM');
      await server.exited;
    },
    async start() {
      server = await start({ config: DRAIN_WINDOW, env: { PORT: String(first.port) } });
    },
  };
}

/** What follows a killed one is another process, on the port of the first. */
function replaceable(
  first: SluiceProcess,
  start: Start,
  config: Readonly<Record<string, unknown>>,
): Pick<NonNullable<Provides['durable-webhooks']>, 'endpoint' | 'kill' | 'start'> {
  let server = first;
  return {
    endpoint: endpointOf(first),
    async kill() {
      server.signal('SIGKILL');
      await server.exited;
    },
    async start() {
      server = await start({ config, env: { PORT: String(first.port) } });
    },
  };
}

/** Its configuration is read again on SIGHUP. */
function changeable(server: SluiceProcess): NonNullable<Provides['changeable-app']> {
  const told = (): number => server.output.split('"the apps have changed"').length - 1;
  return {
    endpoint: endpointOf(server),
    async change({ enabled, maxConnections }) {
      const before = told();
      server.writeConfig({
        app_manager: { array: { apps: [{ ...MAIN_APP, enabled, max_connections: maxConnections }] } },
      });
      server.signal('SIGHUP');
      await until('the change', () => told() > before);
    },
  };
}

/** Kills one worker at a time; the server replaces it. */
function killable(server: SluiceProcess): NonNullable<Provides['kill-process']> {
  let kills = 0;
  return {
    endpoints: [endpointOf(server)],
    async whole() {
      const listening = (): number => server.output.split('"a worker is listening"').length - 1;
      await until('all workers', () => listening() === KILLABLE + kills);
    },
    async kill() {
      const [pid] = server.workerPids();
      if (pid === undefined) throw new Error('the server has no workers');
      kills++;
      process.kill(pid, 'SIGKILL');
    },
  };
}
