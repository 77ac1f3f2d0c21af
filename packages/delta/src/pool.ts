import type { Piscina } from 'piscina';
import type { DeltaCounters, PoolLoss } from './counters.ts';
import type { Patch, PatchJob } from './patches.ts';

export interface PoolOptions {
  readonly threads: number;
  /** Publications that may wait for a thread; there is no delta for one more. */
  readonly maxQueue: number;
  /** How long subscribers may wait for a delta before they get the full frame. */
  readonly deadlineMs: number;
  readonly counters: DeltaCounters;
  /** The module that threads run. */
  readonly thread?: URL;
}

const IDLE_MS = 30_000;
const SOURCE = import.meta.url.endsWith('.ts');
const THREAD = new URL(SOURCE ? './pool-thread.ts' : './pool-thread.js', import.meta.url);

/** Threads for patches that would hold up the event loop. They start at the first task and end when there is none for long. */
export class PatchPool {
  readonly #options: PoolOptions;
  #piscina: Promise<Piscina> | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** The patches of one publication, in the order of the jobs; `undefined` where it fails or takes too long. Never rejects. */
  async run(jobs: readonly PatchJob[]): Promise<readonly Patch[] | undefined> {
    const { counters, deadlineMs } = this.#options;
    counters.pooled++;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<PoolLoss>((resolve) => {
      timer = setTimeout(resolve, deadlineMs, 'late');
    });
    const outcome = await Promise.race([this.#submit(jobs), late]);
    clearTimeout(timer);
    if (typeof outcome === 'object') return outcome;
    counters.poolLosses[outcome]++;
    return undefined;
  }

  async close(): Promise<void> {
    const piscina = await this.#piscina;
    await piscina?.destroy();
  }

  /** Most workers never have a task, and the package is 7 MB of memory in each. */
  async #start(): Promise<Piscina> {
    const { thread = THREAD, threads, maxQueue } = this.#options;
    const { Piscina } = await import('piscina');
    return new Piscina({
      filename: thread.href,
      minThreads: 0,
      maxThreads: threads,
      maxQueue,
      idleTimeout: IDLE_MS,
      // A thread that sleeps on atomics costs the main thread more for each task than one that is sent messages.
      atomics: 'disabled',
    });
  }

  async #submit(jobs: readonly PatchJob[]): Promise<readonly Patch[] | PoolLoss> {
    try {
      const piscina = await (this.#piscina ??= this.#start());
      if (piscina.queueSize >= this.#options.maxQueue) return 'refused';
      return (await piscina.run(jobs)) as readonly Patch[];
    } catch {
      return 'failed';
    }
  }
}
