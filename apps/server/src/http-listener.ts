import http from 'node:http';
import type { Duplex } from 'node:stream';
import type { AppStore, Hub } from '@sluice/core';
import { healthRoutes, httpApi } from '@sluice/http-api';
import { fastify, type FastifyInstance } from 'fastify';
import type { Settings } from './config/settings.ts';

export interface HttpListenerOptions {
  readonly settings: Settings;
  readonly hub: Hub;
  readonly apps: AppStore;
  readonly onUpgrade: (request: http.IncomingMessage, socket: Duplex, head: Buffer) => void;
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

const CLIENT_ERRORS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** The one port of a worker: HTTP API, health checks, and the upgrade to WebSocket. */
export class HttpListener {
  readonly #settings: Settings;
  readonly #server: http.Server;
  readonly #app: FastifyInstance;
  #draining = false;

  private constructor({ settings, hub, apps, onUpgrade }: HttpListenerOptions) {
    this.#settings = settings;
    this.#server = http.createServer({
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: settings.httpApi.headersTimeoutMs,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    });
    this.#server.on('upgrade', onUpgrade);
    this.#app = fastify({
      exposeHeadRoutes: false,
      bodyLimit: settings.httpApi.maxRequestBytes,
      // The names in paths (channels, users) may be longer than fastify's 100 characters; each route checks its own.
      routerOptions: { maxParamLength: 1000, ignoreTrailingSlash: true },
      serverFactory: (handler) => this.#server.on('request', handler),
      clientErrorHandler: answerClientError,
    });
    this.#app.addHook('onRequest', async (_request, reply) => {
      if (this.#draining) reply.header('connection', 'close');
    });
    this.#app.setNotFoundHandler((_request, reply) => reply.code(404).type('text/plain').send(''));
    const { pathPrefix } = settings;
    void this.#app.register(healthRoutes, {
      prefix: pathPrefix,
      apps,
      usageEnabled: settings.httpApi.usageEnabled,
      isDraining: () => this.#draining,
    });
    void this.#app.register(httpApi, { prefix: pathPrefix, hub, apps, pathPrefix });
  }

  static async create(options: HttpListenerOptions): Promise<HttpListener> {
    const listener = new HttpListener(options);
    await listener.#app.ready();
    return listener;
  }

  listen(): Promise<void> {
    const { host, port, scheduling } = this.#settings;
    // Linux spreads connections over sockets of one port; elsewhere the workers share one socket.
    const reusePort = scheduling === 'kernel' && process.platform === 'linux';
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, backlog: BACKLOG, reusePort, exclusive: reusePort }, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  /** Health checks say "not ready", and answers end their connection. */
  startDraining(): void {
    this.#draining = true;
  }

  /** No new connection from now on; requests under way go on. */
  stopListening(): void {
    this.#draining = true;
    this.#server.close();
  }

  /** Resolves when the last request is answered and its connection closed. */
  async close(): Promise<void> {
    const closing = setInterval(() => this.#server.closeIdleConnections(), IDLE_CLOSE_INTERVAL_MS);
    await new Promise<void>((resolve) => {
      this.#server.getConnections((_error, open) => (open === 0 ? resolve() : this.#server.once('close', resolve)));
    });
    clearInterval(closing);
    await this.#app.close();
  }
}

function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = CLIENT_ERRORS[error.code ?? ''] ?? '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n`);
}
