import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import cors from '@fastify/cors';
import type { AppStore, Hub } from '@sluice/core';
import { type DirectPublish, directPublish, healthRoutes, type HealthState, httpApi } from '@sluice/http-api';
import { fastify, type FastifyInstance } from 'fastify';
import type { Settings } from './config/settings.ts';
import { corsOptions } from './cors.ts';
import { readTls } from './tls.ts';
import { UnusedConnections } from './unused-connections.ts';
import { type OnUpgrade, UpgradeShortcut } from './upgrade-shortcut.ts';

export interface HttpListenerOptions {
  readonly settings: Settings;
  readonly hub: Hub;
  readonly apps: AppStore;
  readonly onUpgrade: OnUpgrade;
}

/** Longer than the idle timeout of common load balancers (60 s), so that they close first and no request meets a closed connection. */
const KEEP_ALIVE_MS = 75_000;
/** A whole request, its body included, has to arrive within this time. */
const REQUEST_TIMEOUT_MS = 60_000;
/** How often Node looks for requests that take too long. */
const TIMEOUT_CHECK_MS = 1000;
/** Connections that the kernel may hold until they are accepted; a reconnect storm brings thousands at once. */
const BACKLOG = 4096;
const IDLE_CLOSE_INTERVAL_MS = 20;
/** Names in paths (channels, users) may be longer than fastify's 100 characters; each route checks its own, Node the whole. */
const MAX_PATH_PARAMETER = 16_384;

const NO_QUERY = {};

const CLIENT_ERRORS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** A worker's way to clients: HTTP API, health checks and the upgrade to WebSocket, on one port or, with TLS, on two. */
export class HttpListener {
  readonly #settings: Settings;
  readonly #servers: readonly { readonly server: http.Server; readonly port: number }[];
  readonly #app: FastifyInstance;
  readonly #unused: readonly UnusedConnections[];
  readonly #direct: DirectPublish;
  readonly #shortcuts: readonly UpgradeShortcut[];
  #draining = false;
  #degraded = false;

  private constructor({ settings, hub, apps, onUpgrade }: HttpListenerOptions) {
    this.#settings = settings;
    const server = createMainServer(settings);
    const { pathPrefix, httpApi: api, addressLimits } = settings;
    this.#direct =
      addressLimits.api === null
        ? directPublish({ hub, apps, pathPrefix, maxRequestBytes: api.maxRequestBytes })
        : () => false;
    this.#app = this.#createApp(server, { hub, apps });
    this.#servers = [{ server, port: settings.port }, ...this.#plainServer()];
    for (const { server: each } of this.#servers) each.on('upgrade', onUpgrade);
    this.#unused = this.#servers.map(({ server: each }) => new UnusedConnections(each));
    this.#shortcuts = this.#servers
      .filter(({ server: each }) => !(each instanceof https.Server))
      .map(({ server: each }) => new UpgradeShortcut(each, onUpgrade));
  }

  static async create(options: HttpListenerOptions): Promise<HttpListener> {
    const listener = new HttpListener(options);
    await listener.#app.ready();
    return listener;
  }

  async listen(): Promise<void> {
    const { host, scheduling } = this.#settings;
    // Linux spreads connections over sockets of one port; elsewhere the workers share one socket.
    const reusePort = scheduling === 'kernel' && process.platform === 'linux';
    for (const { server, port } of this.#servers) {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host, port, backlog: BACKLOG, reusePort, exclusive: reusePort }, () => {
          server.off('error', reject);
          resolve();
        });
      });
    }
  }

  /** Health checks say "not ready", and answers end their connection. */
  startDraining(): void {
    this.#draining = true;
  }

  /** Health checks say whether the connection between the nodes is lost. */
  setDegraded(isDegraded: boolean): void {
    this.#degraded = isDegraded;
  }

  /** No new connection from now on; requests under way go on. */
  stopListening(): void {
    this.#draining = true;
    for (const { server } of this.#servers) server.close();
  }

  /** Resolves when the last request is answered and its connection closed. */
  async close(): Promise<void> {
    const servers = this.#servers.map(({ server }) => server);
    for (const shortcut of this.#shortcuts) shortcut.destroyWaiting();
    for (const unused of this.#unused) unused.destroyAll();
    const closing = setInterval(() => {
      for (const server of servers) server.closeIdleConnections();
    }, IDLE_CLOSE_INTERVAL_MS);
    await Promise.all(servers.map(allConnectionsClosed));
    clearInterval(closing);
    await this.#app.close();
  }

  #createApp(server: http.Server, { hub, apps }: Pick<HttpListenerOptions, 'hub' | 'apps'>): FastifyInstance {
    const { pathPrefix, httpApi: api, addressLimits } = this.#settings;
    const app = fastify({
      exposeHeadRoutes: false,
      bodyLimit: api.maxRequestBytes,
      routerOptions: {
        maxParamLength: MAX_PATH_PARAMETER,
        ignoreTrailingSlash: true,
        // The API reads it itself, as it was signed.
        querystringParser: () => NO_QUERY,
      },
      serverFactory: () => server.on('request', (request, response) => this.#route(request, response)),
      clientErrorHandler: answerClientError,
    });
    app.addHook('onRequest', async (_request, reply) => {
      if (this.#draining) reply.header('connection', 'close');
    });
    // Bodies are digested and parsed by the API itself; nobody else looks at one.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));
    app.setNotFoundHandler((_request, reply) => reply.code(404).type('text/plain').send(''));
    const crossOrigin = corsOptions(this.#settings.cors);
    if (crossOrigin !== null) void app.register(cors, crossOrigin);
    const isReadyDegraded = this.#settings.adapter?.readyWithoutConnection ?? true;
    const state = (): HealthState => (this.#draining ? 'draining' : this.#degraded ? 'degraded' : 'well');
    void app.register(healthRoutes, {
      prefix: pathPrefix,
      apps,
      usageEnabled: api.usageEnabled,
      state,
      isReadyDegraded,
    });
    void app.register(httpApi, { prefix: pathPrefix, hub, apps, pathPrefix, addressLimit: addressLimits.api });
    return app;
  }

  #route(request: http.IncomingMessage, response: http.ServerResponse): void {
    // While draining, answers end their connection.
    if (this.#draining || !this.#direct(request, response)) this.#app.routing(request, response);
  }

  /** The port without TLS beside one with it. WebSocket clients are served there, or told to come back with TLS, by their app. */
  #plainServer(): { readonly server: http.Server; readonly port: number }[] {
    const { tls, port } = this.#settings;
    if (tls === null || tls.plainPort === 0) return [];
    const server = http.createServer(serverOptions(this.#settings), (request, response) => {
      if (tls.redirectPlain) redirect(request, response, port);
      else this.#route(request, response);
    });
    server.on('clientError', answerClientError);
    return [{ server, port: tls.plainPort }];
  }
}

function createMainServer(settings: Settings): http.Server {
  const options = serverOptions(settings);
  return settings.tls === null
    ? http.createServer(options)
    : https.createServer({ ...options, ...readTls(settings.tls) });
}

function serverOptions({ httpApi: { headersTimeoutMs } }: Settings): http.ServerOptions {
  return {
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: headersTimeoutMs,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    // An offer of HTTP/2 (h2c) is not taken, and the request is answered as if it had not been made.
    shouldUpgradeCallback: (request) => request.headers.upgrade?.toLowerCase() === 'websocket',
  };
}

function redirect(request: http.IncomingMessage, response: http.ServerResponse, port: number): void {
  const host = (request.headers.host ?? '').replace(/:\d+$/, '');
  // 308 keeps method and body.
  response.writeHead(308, { location: `https://${host}:${port}${request.url ?? '/'}` }).end();
}

function allConnectionsClosed(server: http.Server): Promise<void> {
  return new Promise((resolve) => {
    server.getConnections((_error, open) => (open === 0 ? resolve() : server.once('close', resolve)));
  });
}

function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = CLIENT_ERRORS[error.code ?? ''] ?? '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n`);
}
