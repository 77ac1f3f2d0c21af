import { setTimeout as sleep } from 'node:timers/promises';
import type { CountByKind, DomainEvent, Log } from '@sluice/core';
import type { Owner } from '../registry/channel-record.ts';
import type { CacheBounds } from '../registry/event-cache.ts';
import type { GatewayCounters, NodeGateway } from '../nodes/index.ts';
import { LocalHub } from './local-hub.ts';
import { Supervisor } from './supervisor.ts';

export interface PrimaryOptions {
  readonly workers: number;
  readonly workerFile: string;
  readonly scheduling: 'primary' | 'kernel';
  readonly cache: CacheBounds;
  /** Passed to each worker as it is; has to survive JSON. */
  readonly settings: unknown;
  /** Something happened that webhooks may tell of. */
  readonly onEvent: (event: DomainEvent) => void;
  /** The way to other nodes; null: there are none. */
  readonly gateway: NodeGateway | null;
  readonly log: Log;
}

export interface DrainOptions {
  /** Health checks fail for this long before anything else happens. */
  readonly preStopDelayMs: number;
  /** Clients are closed at moments spread over this time. */
  readonly windowMs: number;
  /** The longest the whole may take. What is left then is killed. */
  readonly gracePeriodMs: number;
}

/** What a node knows about itself. */
export interface NodeState {
  /** By worker: an id that no other worker of this node ever has. Those that did not answer in time are missing. */
  readonly snapshots: ReadonlyMap<Owner, unknown>;
  readonly living: ReadonlySet<Owner>;
  /** Workers started again after a death. */
  readonly restarts: number;
  /** By app. */
  readonly channels: ReadonlyMap<string, CountByKind>;
  /** To the worker of a place and back over the bus, in milliseconds. */
  readonly roundTrips: ReadonlyMap<number, number>;
  /** Null: there are no other nodes. */
  readonly others: OthersState | null;
}

export interface OthersState {
  readonly counters: GatewayCounters;
  readonly nodes: number;
  readonly isConnected: boolean;
}

/** One node: its workers, the bus between them and their common end. */
export class Primary {
  readonly #options: PrimaryOptions;
  readonly #supervisor: Supervisor;
  readonly #hub: LocalHub;
  readonly #slots = new Map<Owner, number>();
  #settings: unknown;
  /** Workers that could listen, until all of the first ones are there. Null: whoever could, may. */
  #waiting: Set<Owner> | null = new Set();
  /** Places whose worker has never listened. */
  readonly #silent = new Set<number>();
  #isDraining = false;
  readonly #started = Promise.withResolvers<void>();

  constructor(options: PrimaryOptions) {
    this.#options = options;
    this.#settings = options.settings;
    for (let slot = 0; slot < options.workers; slot++) this.#silent.add(slot);
    this.#hub = new LocalHub({
      cache: options.cache,
      log: options.log,
      others: options.gateway,
      onEvent: options.onEvent,
      onPrepared: (owner) => this.#prepared(owner),
      onListening: (owner) => this.#listening(owner),
      onFailed: (owner, message) => this.#failed(owner, message),
      onStuck: (owner) => {
        options.log.error('a worker does not read the local bus and is replaced', { slot: this.#slots.get(owner) });
        this.#supervisor.kill(owner);
      },
    });
    this.#supervisor = new Supervisor({
      ...options,
      onFork: (owner, slot, stream) => {
        this.#slots.set(owner, slot);
        const { gateway } = options;
        const hasPeers = options.workers > 1 || gateway !== null;
        const link = this.#hub.attach(owner, stream);
        link.tell({ type: 'configure', slot, hasPeers, settings: this.#settings });
        if (gateway?.isConnected === false) link.tell({ type: 'nodes_parted' });
      },
      onExit: (owner) => {
        this.#slots.delete(owner);
        this.#waiting?.delete(owner);
        this.#hub.detach(owner);
      },
    });
  }

  /** Whether the channel or member that an event is about is there. */
  isThere(event: DomainEvent): boolean {
    return this.#hub.isThere(event);
  }

  get runningWorkers(): number {
    return this.#supervisor.running;
  }

  /** Meets the other nodes and starts the workers; resolves when all listen, rejects when one says that it cannot. */
  async start(): Promise<void> {
    await this.#options.gateway?.start({
      message: (_origin, topic, body) => this.#hub.deliver(topic, body),
      lost: (origin, topic) => this.#options.log.error('messages of another node are lost', { node: origin, topic }),
      nodeJoined: (node) => this.#options.log.info('another node is there', { node }),
      nodeGone: (node, reason) => this.#options.log.warn('another node is gone', { node, reason }),
      notice: () => {},
      connected: () => this.#hub.tellAll({ type: 'nodes_met' }),
      disconnected: () => this.#hub.tellAll({ type: 'nodes_parted' }),
    });
    this.#supervisor.start();
    await this.#started.promise;
  }

  /** Gives all workers, and those to come, another configuration. */
  reconfigure(settings: unknown): void {
    this.#settings = settings;
    this.#hub.tellAll({ type: 'reconfigure', settings });
  }

  /** The metrics of all workers. */
  async metrics(): Promise<NodeState> {
    const [times, snapshots] = await Promise.all([this.#hub.roundTrips(), this.#hub.askAll({ type: 'metrics' })]);
    const roundTrips = new Map<number, number>();
    for (const [owner, slot] of this.#slots) {
      const ms = times.get(owner);
      if (ms !== undefined) roundTrips.set(slot, ms);
    }
    return {
      snapshots,
      living: new Set(this.#slots.keys()),
      restarts: this.#supervisor.restarts,
      channels: this.#hub.channelCounts(),
      roundTrips,
      others: this.#others(),
    };
  }

  #others(): OthersState | null {
    const { gateway } = this.#options;
    if (gateway === null) return null;
    const { counters, nodes, isConnected } = gateway;
    return { counters, nodes: nodes.length, isConnected };
  }

  /** Ends the node in order: not ready, not listening, messages under way delivered, clients closed, workers gone. */
  async drain({ preStopDelayMs, windowMs, gracePeriodMs }: DrainOptions): Promise<void> {
    this.#isDraining = true;
    const ended = this.#supervisor.stop();
    const deadline = setTimeout(() => {
      this.#options.log.warn('the grace period is over; what is left is cut off', { workers: this.runningWorkers });
      this.#supervisor.killAll();
    }, gracePeriodMs);
    this.#hub.tellAll({ type: 'draining' });
    await sleep(preStopDelayMs);
    await this.#hub.askAll({ type: 'quiesce' });
    // Each worker's answer came behind what it had published, and that was passed on when it came: a client that is
    // closed now has been given every message accepted before.
    await this.#hub.askAll({ type: 'close_clients', windowMs }, gracePeriodMs);
    this.#hub.endAll();
    await ended;
    await this.#options.gateway?.close();
    clearTimeout(deadline);
  }

  killAll(): void {
    this.#supervisor.killAll();
  }

  /** The first workers listen together: connections are shared by those that listen, and would pile up on the quickest. */
  #prepared(owner: Owner): void {
    if (this.#isDraining) return;
    if (this.#waiting === null) {
      this.#hub.tell(owner, { type: 'listen' });
      return;
    }
    this.#waiting.add(owner);
    if (this.#waiting.size < this.#options.workers) return;
    for (const waiting of this.#waiting) this.#hub.tell(waiting, { type: 'listen' });
    this.#waiting = null;
  }

  #listening(owner: Owner): void {
    const slot = this.#slots.get(owner);
    this.#options.log.debug('a worker is listening', { slot });
    if (slot === undefined || !this.#silent.delete(slot)) return;
    if (this.#silent.size === 0) this.#started.resolve();
  }

  #failed(owner: Owner, message: string): void {
    // Before the start is over the settings are to blame, and another try would end the same way.
    if (this.#silent.size > 0) this.#started.reject(new Error(message));
    else {
      this.#options.log.error('a worker cannot start and is replaced', {
        slot: this.#slots.get(owner),
        error: message,
      });
      this.#supervisor.kill(owner);
    }
  }
}
