import type { Duplex } from 'node:stream';
import {
  type AddressLimit,
  allowsOrigin,
  type App,
  type AppStore,
  type ConnectionErrorType,
  type Hub,
  type Metrics,
  type OnError,
  takeAddress,
} from '@sluice/core';
import { CLOSE, type CloseReason } from '@sluice/protocol';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import { type BackpressureLimits, type ClientOwner, ClientSocket } from './client-socket.ts';
import { type Compression, DEFLATE_OPTIONS, type WindowLimits, windowLimitsOf } from './compression.ts';
import { agree, type Deflation } from './deflate-offer.ts';
import { closeSpread } from './drain.ts';
import { type HandshakeRefusal, type HandshakeRules, readHandshake } from './handshake.ts';
import { Liveness, type LivenessOptions } from './liveness.ts';
import type { Outbox } from './outbox.ts';
import { listen, PusherWebSocket } from './pusher-web-socket.ts';
import { ignoreSocketError, isSecure, refuseUpgrade, UNAVAILABLE, type Upgrade } from './upgrade.ts';
import type { UpgradeRequest } from './upgrade-request.ts';

export interface WsEngineOptions {
  readonly hub: Hub;
  readonly apps: AppStore;
  /** The framer that the hub was given. */
  readonly outbox: Outbox;
  readonly metrics: Metrics;
  readonly onError: OnError;
  readonly rules: HandshakeRules;
  readonly limits: BackpressureLimits;
  /** Of upgrades from one address; null: none. */
  readonly addressLimit: AddressLimit | null;
  /** Proxies in front of the server whose word is taken for whether a client speaks TLS. */
  readonly trustHops: number;
  /** Larger messages of clients are closed with 1009. */
  readonly maxPayloadBytes: number;
  readonly compression: Compression;
  readonly liveness: LivenessOptions;
}

const MAX_PENDING_PONGS = 60;

/** How long a client may take to answer our close frame before its socket is destroyed. */
const CLOSE_TIMEOUT_MS = 5000;

/** A client whose handshake is well-formed. */
interface Applicant {
  readonly app: App | undefined;
  readonly key: string;
  readonly request: UpgradeRequest;
}

/** What has to be known before a handshake goes on. */
interface Question<T> {
  readonly answer: T | Promise<T>;
  /** The app that the client wants to connect to, once it is known. */
  readonly app: App | null;
}

/** The part of ws's server that is used. */
interface UpgradeServer {
  handleUpgrade(request: UpgradeRequest, socket: Duplex, head: Buffer, opened: (ws: WebSocket) => void): void;
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
  /** Null: nothing is compressed. */
  readonly #windows: WindowLimits | null;
  readonly #clients = new Set<ClientSocket>();
  /** Sockets not yet closed, those of clients that have left included. */
  #sockets = 0;
  #stage: 'serving' | 'draining' | 'drained' = 'serving';
  #onEmpty: (() => void) | null = null;

  constructor(options: WsEngineOptions) {
    this.#options = options;
    this.outbox = options.outbox;
    this.limits = options.limits;
    this.#liveness = new Liveness(options.liveness);
    this.#windows = options.compression === 'disabled' ? null : windowLimitsOf(options.compression);
    const serverOptions: ServerOptions & NewOptions = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: this.#windows === null ? false : DEFLATE_OPTIONS,
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

  readonly handleUpgrade = (request: UpgradeRequest, socket: Duplex, head: Buffer): void => {
    const { addressLimit } = this.#options;
    if (addressLimit === null) this.#upgrade({ request, socket, head });
    else void this.#limited({ request, socket, head }, addressLimit);
  };

  /** Bytes that the client sends meanwhile wait in its socket. */
  async #limited(upgrade: Upgrade, limit: AddressLimit): Promise<void> {
    const { hub, onError } = this.#options;
    const { request, socket } = upgrade;
    socket.pause();
    socket.on('error', ignoreSocketError);
    try {
      const { isTaken, headers } = await takeAddress(hub.ports, limit, { request, context: 'websocket_upgrade' });
      // Flows from the next turn on, when ws listens.
      socket.resume();
      if (isTaken) this.#upgrade(upgrade);
      else refuseUpgrade(socket, { status: '429 Too Many Requests', headers });
    } catch (error) {
      onError(error, { stage: 'upgrade' });
      refuseUpgrade(socket, UNAVAILABLE);
    }
    socket.off('error', ignoreSocketError);
  }

  #upgrade({ request, socket, head }: Upgrade): void {
    if (this.#stage === 'drained') {
      refuseUpgrade(socket, UNAVAILABLE);
      return;
    }
    const deflation = this.#negotiate(request);
    // What is known at once, the greeting or a refusal, leaves in one write with the answer to the upgrade.
    socket.cork();
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      if (!(ws instanceof PusherWebSocket)) return;
      const client = new ClientSocket(ws, this, deflation);
      listen(ws, client);
      this.#open(client, request);
      // It was let in before the server stopped listening; on this code it comes back at once, to one that listens.
      if (this.#stage === 'draining') client.close(CLOSE.reconnect);
    });
    socket.uncork();
  }

  /** Leaves the one offer in the request that ws is to accept. */
  #negotiate({ headers }: UpgradeRequest): Deflation {
    if (this.#windows === null) return 'none';
    const { header, deflation } = agree(headers['sec-websocket-extensions'], this.#windows);
    if (header === null) delete headers['sec-websocket-extensions'];
    else headers['sec-websocket-extensions'] = header;
    return deflation;
  }

  /**
   * Closes every client within the window, and at once who still comes, and resolves when all sockets are closed. Who comes
   * after that is refused.
   */
  async drain(windowMs: number): Promise<void> {
    this.#stage = 'draining';
    await closeSpread([...this.#clients], windowMs);
    if (this.#sockets > 0) await new Promise<void>((resolve) => (this.#onEmpty = resolve));
    this.#stage = 'drained';
    this.#liveness.stop();
  }

  #open(client: ClientSocket, request: UpgradeRequest): void {
    const { apps, rules } = this.#options;
    this.#clients.add(client);
    this.#sockets++;
    const handshake = readHandshake(request.url ?? '/', rules);
    client.protocol = handshake.protocol;
    if ('refusal' in handshake) {
      this.#refuse(client, null, handshake.refusal);
      return;
    }
    const { key } = handshake;
    this.#whenKnown(client, { answer: apps.byKey(key), app: null }, (app) => {
      this.#admit(client, { app, key, request });
    });
  }

  #admit(client: ClientSocket, { app, key, request }: Applicant): void {
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
    if (app.forceTls && !isSecure(request, this.#options.trustHops)) {
      refuse('tls_required', CLOSE.tlsOnly);
      return;
    }
    if (!allowsOrigin(app.allowedOrigins, request.headers.origin)) {
      refuse('origin_not_allowed', CLOSE.originNotAllowed);
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
    client.flush();
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
    this.#liveness.heard(client);
  }

  drained(client: ClientSocket): void {
    if (client.connection !== null) this.#options.hub.drained(client.connection);
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
