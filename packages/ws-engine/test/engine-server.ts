import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, get, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { AddressLimit, App, AppStore, Connection } from '@sluice/core';
import { testApp } from '@sluice/core/testing';
import { TLS_FIXTURE } from '@sluice/testkit';
import { type ClientOptions, WebSocket } from 'ws';
import type { BackpressureLimits } from '../src/client-socket.ts';
import type { Compression } from '../src/compression.ts';
import { WsEngine } from '../src/engine.ts';
import type { LivenessOptions } from '../src/liveness.ts';
import { LoneHub } from './fake-ports.ts';

export const APP: App = testApp({ id: '1', credentials: [{ key: 'key', secret: 'secret' }] });

/** Every connection has to be asked for. */
export const APP_WITH_QUOTA: App = testApp({ ...APP, limits: { maxConnections: 10 } });

/** Knows one app at once. */
export function storeOf(app: App): AppStore {
  return { byKey: () => app, byId: () => app };
}

/** Answers only when the test says so. */
export class HeldStore implements AppStore {
  /** Questions that wait for their answer, the oldest first. */
  readonly asked: PromiseWithResolvers<App | undefined>[] = [];

  byKey(): Promise<App | undefined> {
    const question = Promise.withResolvers<App | undefined>();
    this.asked.push(question);
    return question.promise;
  }

  byId(): undefined {
    return undefined;
  }
}

interface EngineChanges {
  readonly liveness?: Partial<LivenessOptions>;
  readonly limits?: Partial<BackpressureLimits>;
  readonly compression?: Compression;
  /** The whole connection is TLS. */
  readonly tls?: boolean;
  readonly authorisationTimeoutMs?: number;
  readonly addressLimit?: AddressLimit;
  readonly trustHops?: number;
}

/** A real HTTP server on loopback with a WebSocket engine and a hub. */
export class EngineServer extends LoneHub implements AsyncDisposable {
  readonly engine: WsEngine;
  /** The server's ends of all connections so far. */
  readonly sockets: Socket[] = [];
  readonly #server: Server;
  readonly #scheme: 'ws' | 'wss';
  readonly #clients: Socket[] = [];

  private constructor(apps: AppStore, changes: EngineChanges) {
    super(changes);
    this.engine = new WsEngine({
      hub: this.hub,
      apps,
      outbox: this.outbox,
      metrics: this.metrics,
      onError: (error) => this.errors.push(error),
      rules: { pathPrefix: '', allowMissingProtocol: false },
      limits: {
        maxMessages: 100,
        maxBytes: null,
        disconnectOnBufferFull: true,
        maxBackpressureBytes: 1_000_000,
        ...changes.limits,
      },
      addressLimit: changes.addressLimit ?? null,
      trustHops: changes.trustHops ?? 0,
      maxPayloadBytes: 100_000,
      compression: changes.compression ?? 'disabled',
      liveness: {
        activityTimeoutMs: 100_000,
        pongTimeoutMs: 100_000,
        pingIntervalMs: null,
        idleTimeoutMs: null,
        ...changes.liveness,
      },
    });
    this.#scheme = changes.tls === true ? 'wss' : 'ws';
    this.#server = changes.tls === true ? createTlsServer(certificate()) : createServer();
    this.#server.on('request', (_request, response) => response.end());
    this.#server.on('upgrade', this.engine.handleUpgrade);
    this.#server.on('connection', (socket) => this.sockets.push(socket));
  }

  static async start(apps: AppStore, changes: EngineChanges = {}): Promise<EngineServer> {
    const server = new EngineServer(apps, changes);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** A connection whose client keeps its side open when the server ends its own. */
  async connect(): Promise<Socket> {
    const client = connect({ port: this.port, host: '127.0.0.1', allowHalfOpen: true });
    this.#clients.push(client);
    // A server that cuts off is part of the tests.
    client.on('error', () => {});
    await once(client, 'connect');
    return client;
  }

  async webSocket(): Promise<WebSocket> {
    const client = this.connecting();
    await once(client, 'open');
    return client;
  }

  /** A client from which nothing has come yet. */
  connecting(options: ClientOptions = {}): WebSocket {
    const url = `${this.#scheme}://127.0.0.1:${this.port}/app/key?protocol=7`;
    return new WebSocket(url, { rejectUnauthorized: false, ...options });
  }

  /** Of the connections that are open, the one that came last. */
  get latestConnection(): Connection {
    const connection = [...this.hub.space(APP).connections.values()].at(-1);
    assert.ok(connection !== undefined);
    return connection;
  }

  /** A request and its answer: by then the server has seen whatever it wants to see of what was sent to it before. */
  async roundTrip(): Promise<void> {
    for (let i = 0; i < 2; i++) {
      await new Promise<void>((resolve, reject) => {
        get({ port: this.port, host: '127.0.0.1', agent: false }, (response) => {
          response.resume().once('end', resolve);
        }).once('error', reject);
      });
      await turn();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of [...this.#clients, ...this.sockets]) socket.destroy();
    this.#server.close();
    await this.engine.drain(0);
  }
}

function certificate(): { readonly cert: Buffer; readonly key: Buffer } {
  return { cert: readFileSync(TLS_FIXTURE.certFile), key: readFileSync(TLS_FIXTURE.keyFile) };
}
