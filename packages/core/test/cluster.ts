import assert from 'node:assert/strict';
import type { PatchPool } from '@sluice/delta';
import { sign, signinStringToSign } from '@sluice/protocol';
import { APP, channelAuth } from '@sluice/testkit';
import type { App } from '../src/app.ts';
import type { Connection } from '../src/connection.ts';
import type { PublishRefusal } from '../src/errors.ts';
import { Hub, type HubOptions } from '../src/hub.ts';
import { checkEvents, publish as publishChecked, type PublishedEvent } from '../src/publish.ts';
import { FakePrimary, WorkerRegistry } from './fake-primary.ts';
import { FakeBackbone, FakeClock, FakeFramer, FakeMetrics, FakeTransport } from './fakes.ts';
import { EXTENSIONS } from './test-app.ts';

/** What a backend does: all of the events, or the reason why none of them. */
export function publish(hub: Hub, app: App, asked: readonly PublishedEvent[]): PublishRefusal | undefined {
  const checked = checkEvents(app, asked);
  if ('refusal' in checked) return checked.refusal;
  publishChecked(hub, app, checked.events);
  return undefined;
}

/** A frame as a client reads it. */
export interface Received {
  readonly event: string;
  readonly channel?: string;
  readonly data: unknown;
  readonly user_id?: string;
  readonly __delta_seq?: number;
}

/** One worker of a {@link Cluster} with all its ports. */
export class Worker {
  readonly framer = new FakeFramer();
  readonly metrics = new FakeMetrics();
  readonly errors: { readonly error: unknown; readonly stage: string }[] = [];
  readonly backbone: FakeBackbone;
  readonly registry: WorkerRegistry;
  readonly hub: Hub;

  constructor(cluster: Cluster, options: HubOptions, patchPool: PatchPool | undefined) {
    this.backbone = new FakeBackbone(cluster.backbones);
    cluster.backbones.push(this.backbone);
    this.registry = new WorkerRegistry(cluster.primary);
    const { framer, metrics, backbone, registry } = this;
    const onError = (error: unknown, { stage }: { readonly stage: string }): void => {
      this.errors.push({ error, stage });
    };
    const { clock } = cluster;
    this.hub = new Hub({ framer, metrics, backbone, registry, clock, patchPool, onError }, options);
    this.registry.events = this.hub;
    this.backbone.deliver = (message) => this.hub.deliver(message);
  }

  connect(app: App, protocol = 7): Client {
    return new Client(this, app, protocol);
  }

  /** That nothing is left of whatever was subscribed: channels, topics, counts, members, gauges. */
  assertEmpty(app: App): void {
    const space = this.hub.space(app);
    assert.equal(space.channels.size, 0, 'channels');
    assert.equal(space.connections.size, 0, 'connections');
    assert.equal(space.counters.connected, 0, 'connected');
    assert.equal(space.users.size, 0, 'users');
    assert.equal(space.watchers.size, 0, 'watchers');
    assert.deepEqual(space.counters.subscriptions, space.counters.unsubscriptions);
    assert.equal(space.counters.connections, space.counters.disconnections);
    assert.equal(this.backbone.topics.size, 0, 'topics');
    assert.equal(this.registry.counts.size, 0, 'counts');
  }
}

/** Several workers in one process over one backbone and one primary. */
export class Cluster {
  readonly clock = new FakeClock();
  readonly primary = new FakePrimary();
  readonly backbones: FakeBackbone[] = [];
  readonly workers: Worker[];

  /** `patchPool`: threads for all of them. */
  constructor(size: number, options: Partial<HubOptions> = {}, patchPool?: PatchPool) {
    const all = {
      activityTimeoutSeconds: 120,
      maxConnections: 0,
      maxSubscriptionsPerConnection: 10_000,
      sendSubscriptionErrors: true,
      departuresPerSlice: 64,
      cacheTtlMs: 1000,
      authorisationTimeoutMs: 1000,
      ...EXTENSIONS,
      ...options,
    };
    this.workers = Array.from({ length: size }, () => new Worker(this, all, patchPool));
  }

  worker(index: number): Worker {
    const worker = this.workers[index];
    assert.ok(worker !== undefined);
    return worker;
  }

  assertEmpty(app: App): void {
    for (const worker of this.workers) worker.assertEmpty(app);
    assert.equal(this.primary.members.size, 0, 'members');
  }
}

export interface SubscribeOptions {
  readonly channelData?: string;
  /** Instead of the right one. */
  readonly auth?: string;
  readonly delta?: unknown;
  readonly filter?: unknown;
}

/** A client of one worker. */
export class Client {
  readonly transport = new FakeTransport();
  readonly connection: Connection;
  readonly #worker: Worker;
  #taken = 0;

  constructor(worker: Worker, app: App, protocol: number) {
    this.#worker = worker;
    this.connection = worker.hub.connect({ app, transport: this.transport, protocol });
    this.#taken = 1;
  }

  get id(): string {
    return this.connection.id;
  }

  sendText(text: string): void {
    this.#worker.hub.receive(this.connection, text);
  }

  send(event: string, data?: unknown, channel?: string): void {
    this.sendText(JSON.stringify({ event, data, channel }));
  }

  authFor(channel: string, channelData?: string): string {
    return channelAuth(this.id, channel, channelData);
  }

  subscribe(channel: string, { channelData, auth, ...extensions }: SubscribeOptions = {}): void {
    const signed = /^(private|presence)-/.test(channel);
    const value = auth ?? (signed ? this.authFor(channel, channelData) : '');
    this.send('pusher:subscribe', { auth: value, channel, channel_data: channelData, ...extensions });
  }

  /** Joins a presence channel as a user. */
  enter(channel: string, userId: string, info?: unknown): void {
    this.subscribe(channel, { channelData: JSON.stringify({ user_id: userId, user_info: info }) });
  }

  unsubscribe(channel: string): void {
    this.send('pusher:unsubscribe', { channel });
  }

  signIn(userData: string, auth?: string): void {
    const right = `${APP.key}:${sign(APP.secret, signinStringToSign(this.id, userData))}`;
    this.send('pusher:signin', { auth: auth ?? right, user_data: userData });
  }

  close(): void {
    this.#worker.hub.disconnect(this.connection);
  }

  /** Texts that came since the last look; the greeting is never among them. */
  texts(): readonly string[] {
    const texts = this.transport.texts.slice(this.#taken);
    this.#taken = this.transport.texts.length;
    return texts;
  }

  /** The same, parsed. */
  received(): readonly Received[] {
    return this.texts().map((text) => JSON.parse(text) as Received);
  }
}

export function ok(channel: string): Received {
  return { event: 'pusher_internal:subscription_succeeded', channel, data: '{}' };
}

export function err(code: number | null, message: string): Received {
  return { event: 'pusher:error', data: { code, message } };
}

export interface RefusalText {
  readonly type: string;
  readonly status: number;
  readonly message: string;
}

/** The two frames of a refused subscription. */
export function refused(channel: string, { type, status, message }: RefusalText): readonly Received[] {
  const data = JSON.stringify({ type, error: message, status });
  return [err(null, message), { event: 'pusher:subscription_error', channel, data }];
}
