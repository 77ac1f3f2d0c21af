import { monotonicMicros } from './clock.ts';
import { usageOf, type Usage } from './process-tree.ts';

export interface Reading {
  readonly elapsedMicros: number;
  /** CPU time of the server's processes; absent for a server that was not started here. */
  readonly serverCpuMicros: number | undefined;
  readonly loadCpuMicros: number | undefined;
}

/** CPU time of both sides between its making and `read`. */
export class Meter {
  readonly #serverPids: readonly number[];
  readonly #loadPids: readonly number[];
  readonly #server: Usage | undefined;
  readonly #load: Usage | undefined;
  readonly #startedAt = monotonicMicros();

  constructor(serverPid: number | undefined, loadPids: readonly number[]) {
    this.#serverPids = serverPid === undefined ? [] : [serverPid];
    this.#loadPids = loadPids;
    this.#server = usageOf(this.#serverPids);
    this.#load = usageOf(loadPids);
  }

  read(): Reading {
    return {
      elapsedMicros: monotonicMicros() - this.#startedAt,
      serverCpuMicros: difference(usageOf(this.#serverPids), this.#server),
      loadCpuMicros: difference(usageOf(this.#loadPids), this.#load),
    };
  }
}

function difference(after: Usage | undefined, before: Usage | undefined): number | undefined {
  return after === undefined || before === undefined ? undefined : after.cpuMicros - before.cpuMicros;
}
