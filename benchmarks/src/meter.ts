import { monotonicMicros } from './clock.ts';
import { usageOf, type Usage } from './process-tree.ts';

export interface Reading {
  readonly elapsedMicros: number;
  /** CPU time of the servers' processes; absent for a server that was not started here. */
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

  constructor(serverPids: readonly number[], loadPids: readonly number[]) {
    this.#serverPids = serverPids;
    this.#loadPids = loadPids;
    this.#server = usageOf(serverPids);
    this.#load = usageOf(loadPids);
  }

  read(): Reading {
    return {
      elapsedMicros: monotonicMicros() - this.#startedAt,
      serverCpuMicros: difference(usageOf(this.#serverPids)?.cpuMicros, this.#server?.cpuMicros),
      loadCpuMicros: difference(usageOf(this.#loadPids)?.cpuMicros, this.#load?.cpuMicros),
    };
  }
}

/** Resident memory of all processes of a server; undefined where it is not known. */
export function residentBytes(serverPid: number | undefined): number | undefined {
  return usageOf(serverPid === undefined ? [] : [serverPid])?.rssBytes;
}

/** How much more each of so many connections has made it, in KiB. */
export function growthPerConnection(
  { before, after }: { readonly before: number | undefined; readonly after: number | undefined },
  connections: number,
): number | undefined {
  const growth = difference(after, before);
  return growth === undefined ? undefined : growth / 1024 / connections;
}

function difference(after: number | undefined, before: number | undefined): number | undefined {
  return after === undefined || before === undefined ? undefined : after - before;
}
