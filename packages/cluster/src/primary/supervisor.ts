import cluster, { type Worker } from 'node:cluster';
import type { Duplex } from 'node:stream';
import type { Log } from '@sluice/core';
import type { WorkerId } from '../registry/owner.ts';
import { BUS_FD } from '../worker/primary-link.ts';

export interface SupervisorOptions {
  readonly workers: number;
  /** The file that a worker runs. */
  readonly workerFile: string;
  /** For Node.js itself; those of the primary unless given. */
  readonly workerArguments?: readonly string[];
  readonly scheduling: 'primary' | 'kernel';
  readonly log: Log;
  /** A worker process exists; `stream` is its end of the local bus. */
  readonly onFork: (owner: WorkerId, slot: number, stream: Duplex) => void;
  /** A worker process has ended, or could not be made; called before its replacement is forked. */
  readonly onExit: (owner: WorkerId) => void;
}

/** A worker that lived this long did not die of its start, and its replacement need not wait. */
const STABLE_AFTER_MS = 10_000;
const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 30_000;

interface Place {
  worker: Worker | null;
  startedAt: number;
  /** Deaths in a row, each soon after its start. */
  earlyDeaths: number;
}

/** Keeps the set number of workers running. One that dies is replaced at once; a crash loop backs off. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #places: Place[];
  /** Workers whose place another has taken, until they have ended. */
  readonly #retired = new Set<Worker>();
  #stopping = false;
  #onAllGone: (() => void) | null = null;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#places = Array.from({ length: options.workers }, () => ({ worker: null, startedAt: 0, earlyDeaths: 0 }));
    // One worker has nobody to share with: it accepts by itself, and handing over costs nothing.
    const isShared = options.scheduling === 'primary' && options.workers > 1;
    cluster.schedulingPolicy = isShared ? cluster.SCHED_RR : cluster.SCHED_NONE;
    cluster.setupPrimary({
      exec: options.workerFile,
      ...(options.workerArguments !== undefined && { execArgv: [...options.workerArguments] }),
      // The fifth is a Unix-domain socket pair (a named pipe on Windows): the local bus, with no path to guard or clean up.
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'],
    });
  }

  /** Workers forked again after a death. */
  restarts = 0;

  get running(): number {
    return this.#places.filter((place) => place.worker !== null).length + this.#retired.size;
  }

  start(): void {
    for (const slot of this.#places.keys()) this.#fork(slot);
  }

  /** From now on no worker is replaced. Resolves when all have ended. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.running > 0) await new Promise<void>((resolve) => (this.#onAllGone = resolve));
  }

  /** Forks another worker for a place. The one that had it is left to end by itself, and is not replaced. */
  succeed(slot: number): void {
    const place = this.#places[slot];
    if (place === undefined || this.#stopping) return;
    if (place.worker !== null) this.#retired.add(place.worker);
    place.worker = null;
    place.earlyDeaths = 0;
    this.#fork(slot);
  }

  kill(owner: WorkerId): void {
    cluster.workers?.[owner]?.process.kill('SIGKILL');
  }

  killAll(): void {
    for (const { worker } of this.#places) worker?.process.kill('SIGKILL');
    for (const worker of this.#retired) worker.process.kill('SIGKILL');
  }

  #fork(slot: number): void {
    const place = this.#places[slot];
    // One that waited for its turn may find that a successor has the place.
    if (place === undefined || place.worker !== null || this.#stopping) return;
    place.startedAt = performance.now();
    let worker: Worker;
    try {
      worker = cluster.fork();
    } catch (error) {
      this.#forkFailed(slot, error);
      return;
    }
    place.worker = worker;
    worker.on('exit', (code, signal) => this.#exited(slot, worker, { code, signal }));
    // A process that could not be made (no more processes, no more files) has an error and no exit.
    worker.on('error', (error) => {
      if (worker.process.pid !== undefined || !this.#vacate(slot, worker)) return;
      this.#options.onExit(worker.id);
      this.#forkFailed(slot, error);
    });
    const stream = worker.process.stdio?.[BUS_FD];
    if (isDuplex(stream)) this.#options.onFork(worker.id, slot, stream);
  }

  #forkFailed(slot: number, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#replace(slot, 'a worker could not be started and is tried again', { error: message });
  }

  #exited(slot: number, worker: Worker, cause: { readonly code: number; readonly signal: string }): void {
    if (this.#retired.delete(worker)) {
      this.#options.onExit(worker.id);
      if (this.#stopping && this.running === 0) this.#onAllGone?.();
      return;
    }
    if (!this.#vacate(slot, worker)) return;
    this.#options.onExit(worker.id);
    this.#replace(slot, 'a worker died and is being replaced', { pid: worker.process.pid, ...cause });
  }

  /** Whether the worker had the place. */
  #vacate(slot: number, worker: Worker): boolean {
    const place = this.#places[slot];
    if (place === undefined || place.worker !== worker) return false;
    place.worker = null;
    return true;
  }

  #replace(slot: number, message: string, cause: object): void {
    const place = this.#places[slot];
    if (place === undefined) return;
    if (this.#stopping) {
      if (this.running === 0) this.#onAllGone?.();
      return;
    }
    const livedMs = performance.now() - place.startedAt;
    place.earlyDeaths = livedMs < STABLE_AFTER_MS ? place.earlyDeaths + 1 : 0;
    const delayMs = backoff(place.earlyDeaths);
    this.#options.log.error(message, { slot, ...cause, delayMs });
    this.restarts++;
    // Never in the same turn: what made a fork fail would make the next fail too.
    setTimeout(() => this.#fork(slot), delayMs);
  }
}

/** The first early death may be bad luck; from the second on the delay doubles. */
function backoff(earlyDeaths: number): number {
  return earlyDeaths < 2 ? 0 : Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (earlyDeaths - 2));
}

function isDuplex(stream: unknown): stream is Duplex {
  return typeof stream === 'object' && stream !== null && 'write' in stream && 'read' in stream;
}
