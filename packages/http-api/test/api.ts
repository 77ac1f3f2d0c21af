import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type RequestListener,
  type RequestOptions,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { type AddressLimit, type App, Hub } from '@sluice/core';
import { md5Hex, type QueryPair, requestStringToSign, sign } from '@sluice/protocol';
import { fastify, type FastifyInstance } from 'fastify';
import { APP } from '@sluice/testkit';
import { EXTENSIONS, testApp } from '@sluice/core/testing';
import { type DirectPublish, directPublish, healthRoutes, type HealthState, httpApi } from '../src/index.ts';
import { FakeBackbone, FakeMetrics, FakeRegistry, FRAMER } from './fakes.ts';

/** 2026-03-04T05:06:07Z */
export const NOW_SECONDS = 1_772_600_767;

export interface Call {
  readonly method?: 'GET' | 'POST';
  /** After `/apps/1001`. */
  readonly path: string;
  /** Signed in place of `path`. */
  readonly signPath?: string;
  readonly query?: readonly QueryPair[];
  /** JSON unless it is a text or bytes already. */
  readonly body?: unknown;
  /** Changes to the query just before it is signed; undefined leaves the parameter out. */
  readonly sign?: Readonly<Record<string, string | undefined>>;
  /** The same after it was signed. */
  readonly override?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly appId?: string;
  readonly key?: string;
  readonly secret?: string;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface ApiOptions {
  readonly app?: App;
  readonly bodyLimit?: number;
  readonly pathPrefix?: string;
  readonly addressLimit?: AddressLimit;
  readonly isReadyDegraded?: boolean;
  /** As a store does that is somewhere else. */
  readonly asksForApps?: boolean;
}

/** The plugin behind the direct way of publishes, as in a worker, in front of a hub whose surroundings are fakes. */
export class TestApi {
  readonly registry = new FakeRegistry();
  readonly backbone = new FakeBackbone();
  readonly metrics = new FakeMetrics();
  readonly errors: { readonly error: unknown; readonly stage: string }[] = [];
  readonly server: FastifyInstance;
  state: HealthState = 'well';
  readonly #isReadyDegraded: boolean;
  readonly #listening: Promise<number>;
  /** How long the store takes. */
  asking: () => Promise<void> = () => Promise.resolve();
  /** Requests that were not left to the plugin. */
  direct = 0;

  constructor({
    app = testApp(),
    bodyLimit = 100_000,
    pathPrefix = '',
    addressLimit,
    isReadyDegraded = true,
    asksForApps = false,
  }: ApiOptions = {}) {
    this.#isReadyDegraded = isReadyDegraded;
    const byKey = (key: string): App | undefined =>
      app.credentials.some((credential) => credential.key === key) ? app : undefined;
    const apps = {
      byKey: (key: string) => (asksForApps ? this.asking().then(() => byKey(key)) : byKey(key)),
      byId: (id: string) => (id === app.id ? app : undefined),
    };
    const hub = new Hub(
      {
        framer: FRAMER,
        backbone: this.backbone,
        registry: this.registry,
        metrics: this.metrics,
        clock: { now: () => NOW_SECONDS * 1000, monotonic: () => 0 },
        onError: (error, { stage }) => this.errors.push({ error, stage }),
      },
      {
        activityTimeoutSeconds: 120,
        maxConnections: 0,
        maxSubscriptionsPerConnection: 100,
        ...EXTENSIONS,
        sendSubscriptionErrors: true,
        departuresPerSlice: 64,
        cacheTtlMs: 1000,
        authorisationTimeoutMs: 1000,
      },
    );
    const direct: DirectPublish =
      addressLimit === undefined ? directPublish({ hub, apps, pathPrefix, maxRequestBytes: bodyLimit }) : () => false;
    const server = createServer().unref();
    this.server = fastify({
      bodyLimit,
      exposeHeadRoutes: false,
      routerOptions: { maxParamLength: 1000 },
      serverFactory: (handler) => server.on('request', this.#routed(direct, handler)),
    });
    void this.server.register(httpApi, {
      prefix: pathPrefix,
      hub,
      apps,
      pathPrefix,
      addressLimit: addressLimit ?? null,
    });
    void this.server.register(healthRoutes, {
      prefix: pathPrefix,
      apps,
      state: () => this.state,
      isReadyDegraded: this.#isReadyDegraded,
      usageEnabled: true,
    });
    this.#pathPrefix = pathPrefix;
    this.#listening = this.server.listen({ host: '127.0.0.1', port: 0 }).then(() => {
      return (server.address() as AddressInfo).port;
    });
  }

  #routed(direct: DirectPublish, plugin: RequestListener): RequestListener {
    return (request, response) => {
      if (direct(request, response)) this.direct++;
      else plugin(request, response);
    };
  }

  readonly #pathPrefix: string;

  async call(call: Call): Promise<Answer> {
    const { method = 'GET', path, query = [], body, appId = '1001', headers = {} } = call;
    const bytes =
      body === undefined
        ? undefined
        : Buffer.isBuffer(body)
          ? body
          : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    const fullPath = `/apps/${appId}${path}`;
    const pairs = change(
      [
        ...query,
        ['auth_key', call.key ?? APP.key],
        ['auth_timestamp', String(NOW_SECONDS)],
        ['auth_version', '1.0'],
        ...(bytes === undefined ? [] : [['body_md5', md5Hex(bytes)] as const]),
      ],
      call.sign,
    );
    const signedPath = `/apps/${appId}${call.signPath ?? path}`;
    const signature = sign(call.secret ?? APP.secret, requestStringToSign(method, signedPath, pairs));
    const sent = change([...pairs, ['auth_signature', signature]], call.override);
    const search = sent.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
    const contentType = bytes === undefined ? {} : { 'content-type': 'application/json' };
    const options = {
      host: '127.0.0.1',
      port: await this.#listening,
      agent: false,
      method,
      path: `${this.#pathPrefix}${fullPath}?${search}`,
      headers: { ...contentType, ...headers },
    };
    return answered(options, bytes);
  }

  publish(body: unknown): Promise<Answer> {
    return this.call({ method: 'POST', path: '/events', body });
  }
}

function change(pairs: readonly QueryPair[], changes: Readonly<Record<string, string | undefined>> = {}): QueryPair[] {
  const kept = pairs.filter(([name]) => !Object.hasOwn(changes, name));
  const changed = Object.entries(changes).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return [...kept, ...changed];
}

async function answered(options: RequestOptions, body: Buffer | undefined): Promise<Answer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    httpRequest(options, resolve).on('error', reject).end(body);
  });
  return { status: response.statusCode ?? 0, text: await textOf(response), headers: response.headers };
}
