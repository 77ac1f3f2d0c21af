import { setTimeout as sleep } from 'node:timers/promises';
import type { CountByKind, DomainEvent, Log } from '@sluice/core';
import type { WorkerId } from '../registry/owner.ts';
import type { CacheBounds } from '../registry/event-cache.ts';
import { LocalHub } from './local-hub.ts';
import type { OtherNodes, OthersState } from './other-nodes.ts';
import { Supervisor } from './supervisor.ts';

export interface PrimaryOptions {
  readonly workers: number;
  readonly workerFile: string;
  /** For Node.js itself; those of the primary unless given. */
  readonly workerArguments?: readonly string[];
  readonly scheduling: 'primary' | 'kernel';
  readonly cache: CacheBounds;
  /** Passed to each worker as it is; has to survive JSON. */
  readonly settings: unknown;
  /** Something happened that webhooks may tell of. */
  readonly onEvent: (event: DomainEvent) => void;
  /** The way to other nodes; null: there are none. */
  readonly others: OtherNodes | null;
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

/** How long a new worker may take until it listens. */
const START_TIMEOUT_MS = 20_000;

/** What is left for the other nodes where clients took the whole grace period. */
const LEAST_FAREWELL_MS = 200;

export type RestartOptions = Omit<DrainOptions, 'preStopDelayMs'>;

/** What a node knows about itself. */
export interface NodeState {
  /** By worker: an id that no other worker of this node ever has. Those that did not answer in time are missing. */
  readonly snapshots: ReadonlyMap<WorkerId, unknown>;
  readonly living: ReadonlySet<WorkerId>;
  /** Workers started again after a death. */
  readonly restarts: number;
  /** By app. */
  readonly channels: ReadonlyMap<string, CountByKind>;
  /** To the worker of a place and back over the bus, in milliseconds. */
  readonly roundTrips: ReadonlyMap<number, number>;
  /** Null: there are no other nodes. */
  readonly others: OthersState | null;
}

/** One node: its workers, the bus between them and their common end. */
export class Primary {
  readonly #options: PrimaryOptions;
  readonly #supervisor: Supervisor;
  readonly #hub: LocalHub;
  readonly #slots = new Map<WorkerId, number>();
  #settings: unknown;
  /** Workers that could listen, until all of the first ones are there. Null: whoever could, may. */
  #waiting: Set<WorkerId> | null = new Set();
  /** Places whose worker has never listened. */
  readonly #silent = new Set<number>();
  #isDraining = false;
  #isRestarting = false;
  /** By place: what is called when its worker listens. */
  readonly #whenListening = new Map<number, (owner: WorkerId) => void>();
  readonly #started = Promise.withResolvers<void>();

  constructor(options: PrimaryOptions) {
    this.#options = options;
    this.#settings = options.settings;
    for (let slot = 0; slot < options.workers; slot++) this.#silent.add(slot);
    this.#hub = new LocalHub({
      cache: options.cache,
      log: options.log,
      others: options.others,
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
        const { others } = options;
        const hasPeers = options.workers > 1 || others !== null;
        const link = this.#hub.attach(owner, stream);
        link.tell({ type: 'configure', slot, hasPeers, settings: this.#settings });
        if (others?.isConnected === false) link.tell({ type: 'nodes_parted' });
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
    const { replication } = this.#hub;
    if (replication !== null) {
      await this.#options.others?.start({
        replication,
        deliver: (topic, message) => this.#hub.deliver(topic, message),
        reachable: (isReachable) => this.#hub.tellAll({ type: isReachable ? 'nodes_met' : 'nodes_parted' }),
      });
    }
    this.#supervisor.start();
    await this.#started.promise;
  }

  /** Gives all workers, and those to come, another configuration. */
  reconfigure(settings: unknown): void {
    this.#settings = settings;
    this.#hub.tellAll({ type: 'reconfigure', settings });
  }

  /**
   * Puts new workers in the places of those that run, one after the other: each begins to listen before the one that it
   * replaces closes its clients, over the window. False: it was not done, or not to the end; the log says why.
   */
  async restartWorkers({ windowMs, gracePeriodMs }: RestartOptions): Promise<boolean> {
    const { log, workers } = this.#options;
    if (this.#isRestarting || this.#isDraining || this.#silent.size > 0) {
      log.warn('workers are not restarted: the server starts, ends, or does so already');
      return false;
    }
    this.#isRestarting = true;
    try {
      for (let slot = 0; slot < workers; slot++) {
        if (!(await this.#restartWorker(slot, { windowMs, gracePeriodMs }))) return false;
      }
      log.info('all workers were restarted');
      return true;
    } finally {
      this.#isRestarting = false;
    }
  }

  async #restartWorker(slot: number, { windowMs, gracePeriodMs }: RestartOptions): Promise<boolean> {
    const { log } = this.#options;
    // More than one where an earlier restart was given up.
    const old = [...this.#slots].filter(([, place]) => place === slot).map(([owner]) => owner);
    const listening = new Promise<boolean>((resolve) => {
      this.#whenListening.set(slot, (owner) => {
        if (!old.includes(owner)) resolve(true);
      });
      setTimeout(resolve, START_TIMEOUT_MS, false).unref();
    });
    this.#supervisor.succeed(slot);
    const isListening = await listening;
    this.#whenListening.delete(slot);
    if (!isListening) log.error('a new worker does not listen; the other workers are not restarted', { slot });
    if (!isListening) return false;
    await Promise.all(old.map((owner) => this.#endWorker(owner, { windowMs, gracePeriodMs })));
    return !this.#isDraining;
  }

  async #endWorker(owner: WorkerId, { windowMs, gracePeriodMs }: RestartOptions): Promise<void> {
    await this.#hub.askOne(owner, { type: 'quiesce' }, gracePeriodMs);
    const hasClosed = await this.#hub.askOne(owner, { type: 'close_clients', windowMs }, gracePeriodMs);
    if (hasClosed) this.#hub.end(owner);
    else this.#supervisor.kill(owner);
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
      others: this.#options.others?.state ?? null,
    };
  }

  /** Ends the node in order: not ready, not listening, messages under way delivered, clients closed, workers gone. */
  async drain({ preStopDelayMs, windowMs, gracePeriodMs }: DrainOptions): Promise<void> {
    this.#isDraining = true;
    const endsAt = performance.now() + gracePeriodMs;
    const ended = this.#supervisor.stop();
    const deadline = setTimeout(() => {
      this.#options.log.warn('the grace period is over; what is left is cut off', { workers: this.runningWorkers });
      this.#supervisor.killAll();
    }, gracePeriodMs);
    this.#hub.tellAll({ type: 'draining' });
    this.#options.others?.leaveWebhooks();
    await sleep(preStopDelayMs);
    await this.#hub.askAll({ type: 'quiesce' });
    // Each worker's answer came behind what it had published, and that was passed on when it came: a client that is
    // closed now has been given every message accepted before.
    await this.#hub.askAll({ type: 'close_clients', windowMs }, gracePeriodMs);
    this.#hub.endAll();
    await ended;
    await this.#options.others?.close(Math.max(LEAST_FAREWELL_MS, endsAt - performance.now()));
    clearTimeout(deadline);
  }

  killAll(): void {
    this.#supervisor.killAll();
  }

  /** The first workers listen together: connections are shared by those that listen, and would pile up on the quickest. */
  #prepared(owner: WorkerId): void {
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

  #listening(owner: WorkerId): void {
    const slot = this.#slots.get(owner);
    this.#options.log.debug('a worker is listening', { slot });
    if (slot !== undefined) this.#whenListening.get(slot)?.(owner);
    if (slot === undefined || !this.#silent.delete(slot)) return;
    if (this.#silent.size === 0) this.#started.resolve();
  }

  #failed(owner: WorkerId, message: string): void {
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
