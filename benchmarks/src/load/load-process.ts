import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { Children } from '../children.ts';
import { BenchmarkFailure } from '../errors.ts';
import { nodeCommand } from '../pinning.ts';
import type { CallName, Calls, Reply } from './messages.ts';

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));

export interface LoadProcessOptions {
  readonly children: Children;
  /** Cores to run on, as for taskset(1). */
  readonly cores: string | undefined;
}

/** The parent's side of one load process. */
export class LoadProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;

  constructor(options: LoadProcessOptions) {
    const [execPath, ...execArgv] = nodeCommand(options.cores);
    this.#child = fork(WORKER, [], {
      execPath,
      execArgv: [...execArgv, '--conditions=@sluice/source', '--disable-warning=ExperimentalWarning'],
      // Typed arrays stay typed arrays.
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    options.children.add(this.#child);
    this.#child.on('message', (reply: Reply) => this.#settle(reply));
    this.#child.on('error', (error) => this.#fail(`load process: ${error.message}`));
    this.#child.once('exit', (code, signal) => this.#fail(`a load process ended (${signal ?? code})`));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async call<Name extends CallName>(
    name: Name,
    args: Calls[Name]['args'],
    limit: { readonly timeoutMs: number },
  ): Promise<Calls[Name]['result']> {
    const id = ++this.#lastId;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    const timer = setTimeout(
      () => waiting.reject(new BenchmarkFailure(`no answer to "${name}" within ${limit.timeoutMs} ms`)),
      limit.timeoutMs,
    );
    // The seam where types end: worker.ts answers each request with the result that `Calls` pairs with it.
    this.#child.send({ id, call: name, args }, (error) => {
      if (error !== null) waiting.reject(error);
    });
    try {
      return (await waiting.promise) as Calls[Name]['result'];
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    if ('error' in reply) waiting?.reject(new BenchmarkFailure(reply.error));
    else waiting?.resolve(reply.result);
  }

  #fail(reason: string): void {
    for (const waiting of this.#waiting.values()) waiting.reject(new BenchmarkFailure(reason));
  }
}
