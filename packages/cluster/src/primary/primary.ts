import { setTimeout as sleep } from 'node:timers/promises';
import type { DomainEvent, Log } from '@sluice/core';
import type { Owner } from '../registry/channel-record.ts';
import { LocalHub } from './local-hub.ts';
import { Supervisor } from './supervisor.ts';

export interface PrimaryOptions {
  readonly workers: number;
  readonly workerFile: string;
  readonly scheduling: 'primary' | 'kernel';
  /** Events of cache channels kept at the most. */
  readonly maxKeptEvents: number;
  /** Passed to each worker as it is; has to survive JSON. */
  readonly settings: unknown;
  /** Something happened that webhooks may tell of. */
  readonly onEvent: (event: DomainEvent) => void;
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

export interface NodeSnapshots {
  /** By worker: an id that no other worker of this node ever has. Those that did not answer in time are missing. */
  readonly snapshots: ReadonlyMap<Owner, unknown>;
  readonly living: ReadonlySet<Owner>;
  /** Workers started again after a death. */
  readonly restarts: number;
}

/** One node: its workers, the bus between them and their common end. */
export class Primary {
  readonly #options: PrimaryOptions;
  readonly #supervisor: Supervisor;
  readonly #hub: LocalHub;
  readonly #slots = new Map<Owner, number>();
  readonly #unready = new Set<number>();
  readonly #started = Promise.withResolvers<void>();

  constructor(options: PrimaryOptions) {
    this.#options = options;
    for (let slot = 0; slot < options.workers; slot++) this.#unready.add(slot);
    this.#hub = new LocalHub({
      maxKeptEvents: options.maxKeptEvents,
      log: options.log,
      onEvent: options.onEvent,
      onReady: (owner) => this.#ready(owner),
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
        const hasPeers = options.workers > 1;
        this.#hub.attach(owner, stream).tell({ type: 'configure', slot, hasPeers, settings: options.settings });
      },
      onExit: (owner) => {
        this.#slots.delete(owner);
        this.#hub.detach(owner);
      },
    });
  }

  get runningWorkers(): number {
    return this.#supervisor.running;
  }

  /** Starts the workers; resolves when all listen, rejects when one says that it cannot. */
  start(): Promise<void> {
    this.#supervisor.start();
    return this.#started.promise;
  }

  /** The metrics of all workers. */
  async metrics(): Promise<NodeSnapshots> {
    const snapshots = await this.#hub.askAll({ type: 'metrics' });
    return { snapshots, living: new Set(this.#slots.keys()), restarts: this.#supervisor.restarts };
  }

  /** Ends the node in order: not ready, not listening, messages under way delivered, clients closed, workers gone. */
  async drain({ preStopDelayMs, windowMs, gracePeriodMs }: DrainOptions): Promise<void> {
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
    clearTimeout(deadline);
  }

  killAll(): void {
    this.#supervisor.killAll();
  }

  #ready(owner: Owner): void {
    const slot = this.#slots.get(owner);
    this.#options.log.debug('a worker is listening', { slot });
    if (slot === undefined || !this.#unready.delete(slot)) return;
    if (this.#unready.size === 0) this.#started.resolve();
  }

  #failed(owner: Owner, message: string): void {
    // Before the start is over the settings are to blame, and another try would end the same way.
    if (this.#unready.size > 0) this.#started.reject(new Error(message));
    else {
      this.#options.log.error('a worker cannot start and is replaced', {
        slot: this.#slots.get(owner),
        error: message,
      });
      this.#supervisor.kill(owner);
    }
  }
}
