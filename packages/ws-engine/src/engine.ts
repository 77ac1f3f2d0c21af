import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { App, AppStore, ConnectionErrorType, Hub, Metrics, OnError } from '@sluice/core';
import { CLOSE, type CloseReason } from '@sluice/protocol';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import { type BackpressureLimits, type ClientOwner, ClientSocket } from './client-socket.ts';
import { closeSpread } from './drain.ts';
import { type HandshakeRefusal, type HandshakeRules, readHandshake } from './handshake.ts';
import { Liveness } from './liveness.ts';
import type { Outbox } from './outbox.ts';
import { listen, PusherWebSocket } from './pusher-web-socket.ts';

export interface WsEngineOptions {
  readonly hub: Hub;
  readonly apps: AppStore;
  /** The framer that the hub was given. */
  readonly outbox: Outbox;
  readonly metrics: Metrics;
  readonly onError: OnError;
  readonly rules: HandshakeRules;
  readonly limits: BackpressureLimits;
  /** Larger messages of clients are closed with 1009. */
  readonly maxPayloadBytes: number;
  readonly activityTimeoutMs: number;
  readonly pongTimeoutMs: number;
}

const MAX_PENDING_PONGS = 60;

/** How long a client may take to answer our close frame before its socket is destroyed. */
const CLOSE_TIMEOUT_MS = 5000;

/** A client whose handshake is well-formed. */
interface Applicant {
  readonly app: App | undefined;
  readonly key: string;
  readonly isSecure: boolean;
}

/** What has to be known before a handshake goes on. */
interface Question<T> {
  readonly answer: T | Promise<T>;
  /** The app that the client wants to connect to, once it is known. */
  readonly app: App | null;
}

/** The part of ws's server that is used. */
interface UpgradeServer {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, opened: (ws: WebSocket) => void): void;
}

/** Options of ws that its types do not have yet. */
interface NewOptions {
  readonly closeTimeout: number;
  readonly maxPendingAutoPongs: number;
}

/** Accepts WebSocket upgrades and carries messages between clients and the hub. */
export class WsEngine implements ClientOwner {
  readonly outbox: Outbox;
  readonly limits: BackpressureLimits;
  readonly #options: WsEngineOptions;
  readonly #server: UpgradeServer;
  readonly #liveness: Liveness;
  readonly #clients = new Set<ClientSocket>();
  /** Sockets not yet closed, those of clients that have left included. */
  #sockets = 0;
  #draining = false;
  #onEmpty: (() => void) | null = null;

  constructor(options: WsEngineOptions) {
    this.#options = options;
    this.outbox = options.outbox;
    this.limits = options.limits;
    this.#liveness = new Liveness(options);
    const serverOptions: ServerOptions & NewOptions = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: options.maxPayloadBytes,
      closeTimeout: CLOSE_TIMEOUT_MS,
      // A client that pings without reading the pongs is cut off at this many.
      maxPendingAutoPongs: MAX_PENDING_PONGS,
      WebSocket: PusherWebSocket,
      // A client may offer subprotocols; none is selected, and none is needed.
      handleProtocols: () => false,
    };
    this.#server = new WebSocketServer(serverOptions);
  }

  /** Bytes waiting for slow clients. */
  queuedBytes(): number {
    let bytes = 0;
    for (const client of this.#clients) bytes += client.queuedBytes;
    return bytes;
  }

  readonly handleUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', ignoreSocketError);
    if (this.#draining) {
      // Destroyed and not only ended: a client that keeps its side open must not hold up the shutdown.
      socket.once('finish', () => socket.destroy());
      socket.end(
        'HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n',
      );
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      socket.off('error', ignoreSocketError);
      if (ws instanceof PusherWebSocket) this.#open(ws, { url: request.url ?? '/', isSecure: isSecure(request) });
    });
  };

  /** Closes every client within the window and resolves when all sockets are closed. New ones are refused from now on. */
  async drain(windowMs: number): Promise<void> {
    this.#draining = true;
    await closeSpread([...this.#clients], windowMs);
    if (this.#sockets > 0) await new Promise<void>((resolve) => (this.#onEmpty = resolve));
    this.#liveness.stop();
  }

  #open(ws: PusherWebSocket, { url, isSecure: secure }: { readonly url: string; readonly isSecure: boolean }): void {
    const { apps, rules } = this.#options;
    const client = new ClientSocket(ws, this);
    this.#clients.add(client);
    this.#sockets++;
    listen(ws, client);
    const handshake = readHandshake(url, rules);
    client.protocol = handshake.protocol;
    if ('refusal' in handshake) {
      this.#refuse(client, null, handshake.refusal);
      return;
    }
    const { key } = handshake;
    this.#whenKnown(client, { answer: apps.byKey(key), app: null }, (app) => {
      this.#admit(client, { app, key, isSecure: secure });
    });
  }

  #admit(client: ClientSocket, { app, key, isSecure: secure }: Applicant): void {
    const refuse = (type: ConnectionErrorType, reason: CloseReason): void => {
      this.#refuse(client, app ?? null, { type, reason });
    };
    if (app === undefined) {
      refuse('app_not_found', CLOSE.unknownApp(key));
      return;
    }
    if (!app.enabled) {
      refuse('app_disabled', CLOSE.appDisabled);
      return;
    }
    if (app.forceTls && !secure) {
      refuse('tls_required', CLOSE.tlsOnly);
      return;
    }
    this.#whenKnown(client, { answer: this.#options.hub.admit(app), app }, (admission) => {
      if (admission === 'over_quota') refuse(admission, CLOSE.overConnectionQuota);
      else if (admission === 'over_capacity') refuse(admission, CLOSE.overCapacity);
      else if (client.gone) this.#giveUp(client, app);
      else this.#accept(client, app);
    });
  }

  /** The client left, or was closed, while its place was being asked for. */
  #giveUp(client: ClientSocket, app: App): void {
    this.#options.hub.release(app);
    resume(client);
  }

  #accept(client: ClientSocket, app: App): void {
    const { hub } = this.#options;
    client.counters = hub.space(app).counters;
    client.connection = hub.connect({ app, transport: client, protocol: client.protocol });
    this.#liveness.watch(client);
    resume(client);
  }

  #refuse(client: ClientSocket, app: App | null, { type, reason }: HandshakeRefusal): void {
    this.#options.metrics.connectionError(app?.id ?? null, type);
    client.close(reason);
    resume(client);
  }

  /** Goes on at once with an answer that is there, or stops reading from the client until it is accepted or refused. */
  #whenKnown<T>(client: ClientSocket, { answer, app }: Question<T>, next: (answer: T) => void): void {
    if (!(answer instanceof Promise)) {
      next(answer);
      return;
    }
    client.ws.pause();
    answer.then(next, (error: unknown) => {
      this.#options.onError(error, { stage: 'handshake' });
      this.#refuse(client, app, { type: 'over_capacity', reason: CLOSE.overCapacity });
    });
  }

  received(client: ClientSocket, data: Buffer, kind: 'text' | 'binary'): void {
    this.heard(client);
    const { connection, counters } = client;
    if (client.gone || connection === null) return;
    if (counters !== null) {
      counters.messagesReceived++;
      counters.bytesReceived += data.length;
    }
    if (kind === 'binary') client.close(CLOSE.binaryFrame);
    else this.#options.hub.receive(connection, data.toString());
  }

  heard(client: ClientSocket): void {
    client.heardAt = this.#liveness.now;
  }

  gone(client: ClientSocket): void {
    this.#liveness.unwatch(client);
    this.#clients.delete(client);
    if (client.connection !== null) this.#options.hub.disconnect(client.connection);
  }

  closed(client: ClientSocket, code: number): void {
    this.#options.metrics.closed(client.closeCode ?? code);
    this.#sockets--;
    if (this.#sockets === 0) this.#onEmpty?.();
  }
}

function resume({ ws }: ClientSocket): void {
  if (ws.isPaused) ws.resume();
}

function isSecure(request: IncomingMessage): boolean {
  return 'encrypted' in request.socket && request.socket.encrypted === true;
}

function ignoreSocketError(): void {
  // A broken connection ends in `close`, which is handled; without a listener Node would throw.
}
