import type { ChildProcess } from 'node:child_process';

import { descendants } from './process-tree.ts';

/** The processes of a run. Whatever happens to the run, none of them outlives it. */
export class Children {
  readonly #pids = new Set<number>();

  add(child: ChildProcess): void {
    const pid = child.pid;
    if (pid === undefined) return;
    this.#pids.add(pid);
    child.once('exit', () => this.#pids.delete(pid));
  }

  /** Kills a process and what it started (a cluster's workers), by their ids. */
  kill(pid: number): void {
    for (const each of [...descendants(pid), pid]) {
      try {
        process.kill(each, 'SIGKILL');
      } catch {
        // Gone already.
      }
    }
  }

  killAll(): void {
    for (const pid of this.#pids) this.kill(pid);
  }

  /** `exit` covers every ordinary end, exceptions included; the signals would otherwise end the process without it. */
  killAtExit(): void {
    process.once('exit', () => this.killAll());
    for (const [signal, number] of [
      ['SIGINT', 2],
      ['SIGTERM', 15],
      ['SIGHUP', 1],
    ] as const) {
      process.once(signal, () => process.exit(128 + number));
    }
  }
}
