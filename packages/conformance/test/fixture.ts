import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { APP, freePort, SluiceProcess, TLS_FIXTURE, until } from '@sluice/testkit';
import type { AppCredentials, Endpoint, Target } from '../src/index.ts';

const MAX_MESSAGE_KB = 64;
const PREFIX = '/realtime';
/** Workers of the server that loses some. */
const KILLABLE = 2;

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

const AUTHORISED_APPS = [
  { ...AUTHORISED, enable_user_authentication: true },
  { ...AUTHORISED_LIMITED, enable_user_authentication: true, max_connections: 1 },
];

const APPS = [
  MAIN_APP,
  { ...SECOND, enable_client_messages: true },
  { ...DISABLED, enabled: false },
  { ...LIMITED, max_connections: 1 },
  { ...NO_CLIENT_EVENTS, enable_client_messages: false },
  { ...NO_COUNT, enable_subscription_count: false },
  QUIET,
  { ...COUNTING, enable_subscription_count_events: true },
  { ...WATCHING, enable_watchlist_events: true },
];

/** What the main server has beside its main app. */
const IN_MAIN: Target['provides'] = {
  'second-app': { app: SECOND },
  'quiet-app': { app: QUIET },
  'disabled-app': { app: DISABLED },
  'limited-app': { app: LIMITED },
  'client-events-off': { app: NO_CLIENT_EVENTS },
  'subscription-count-off': { app: NO_COUNT },
  'watchlist-off': { app: APP },
  'subscription-count-events': { app: COUNTING },
  watchlist: { app: WATCHING },
  'several-keys': {
    enabled: { key: 'second-key', secret: 'second-secret' },
    disabled: { key: 'disabled-key', secret: 'disabled-secret' },
  },
};

/** Real servers with all that the rows need. */
export class Fixture implements AsyncDisposable {
  readonly target: Target;
  readonly #servers: SluiceProcess[];

  private constructor(target: Target, servers: SluiceProcess[]) {
    this.target = target;
    this.#servers = servers;
  }

  static async start(): Promise<Fixture> {
    tls.setDefaultCACertificates([readFileSync(TLS_FIXTURE.certFile, 'utf8')]);
    const plainPort = await freePort();
    const servers = await Promise.all([
      SluiceProcess.start({
        workers: 3,
        config: { websocket_max_payload_kb: MAX_MESSAGE_KB, app_manager: { array: { apps: APPS } } },
      }),
      start({
        activity_timeout: 1,
        pong_timeout: 1,
        user_authentication_timeout: 1,
        app_manager: { array: { apps: [MAIN_APP, ...AUTHORISED_APPS] } },
      }),
      start({ path_prefix: PREFIX, websocket: { allow_missing_protocol: true } }),
      start({ max_connections: 2 }),
      start({ shutdown: { drain_window_ms: 300 } }),
      start({
        app_manager: { array: { apps: [MAIN_APP, { ...FORCED_TLS, force_tls: true }] } },
        ssl: {
          enabled: true,
          cert_path: TLS_FIXTURE.certFile,
          key_path: TLS_FIXTURE.keyFile,
          http_port: plainPort,
        },
      }),
      // At this level the log tells when a worker listens.
      SluiceProcess.start({ workers: KILLABLE, env: { LOG_LEVEL: 'debug' } }),
      start({ channel_limits: { cache_ttl: CACHE_SECONDS } }),
    ]);
    const [main, quick, prefixed, small, restarted, encrypted, killed, forgetful] = servers;
    const target: Target = {
      endpoint: endpointOf(main),
      app: APP,
      provides: {
        ...IN_MAIN,
        'short-cache': { endpoint: endpointOf(forgetful), seconds: CACHE_SECONDS },
        'max-message-size': { bytes: MAX_MESSAGE_KB * 1024 },
        'several-processes': { endpoints: [endpointOf(main)] },
        'short-timeouts': { endpoint: endpointOf(quick), activitySeconds: 1, pongSeconds: 1 },
        'authorised-connections': {
          endpoint: endpointOf(quick),
          seconds: 1,
          app: AUTHORISED,
          limitedApp: AUTHORISED_LIMITED,
        },
        'forced-tls': {
          plain: { host: '127.0.0.1', port: plainPort },
          secure: { ...endpointOf(encrypted), secure: true },
          app: FORCED_TLS,
        },
        'path-prefix': { endpoint: { ...endpointOf(prefixed), prefix: PREFIX } },
        'lenient-protocol': { endpoint: { ...endpointOf(prefixed), prefix: PREFIX } },
        'node-capacity': { endpoint: endpointOf(small), maxConnections: 2 },
        restart: restartable(restarted, servers),
        'kill-process': killable(killed),
      },
    };
    return new Fixture(target, servers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#servers.map((server) => server[Symbol.asyncDispose]()));
  }
}

function start(config: Readonly<Record<string, unknown>>): Promise<SluiceProcess> {
  return SluiceProcess.start({ workers: 1, config });
}

function endpointOf({ port }: SluiceProcess): Endpoint {
  return { host: '127.0.0.1', port };
}

/** Each start is another process, on the port of the first. */
function restartable(first: SluiceProcess, servers: SluiceProcess[]): NonNullable<Target['provides']['restart']> {
  let server = first;
  return {
    endpoint: endpointOf(first),
    async stop() {
      server.signal('SIGTERM');
      await server.exited;
    },
    async start() {
      const config = { shutdown: { drain_window_ms: 300 } };
      server = await SluiceProcess.start({ workers: 1, config, env: { PORT: String(first.port) } });
      servers.push(server);
    },
  };
}

/** Kills one worker at a time; the server replaces it. */
function killable(server: SluiceProcess): NonNullable<Target['provides']['kill-process']> {
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
