import { readFileSync } from 'node:fs';

import { monotonicMicros } from './clock.ts';
import { MICROS_PER_TICK, usageOf } from './process-tree.ts';

/** What the rest of the machine does meanwhile: it takes time from both sides, and unequally. */
export class ForeignLoad {
  readonly #startedAt = monotonicMicros();
  readonly #all = busyMicros();
  readonly #own = usageOf([process.pid])?.cpuMicros;

  /** CPU time of everything that is not this process or one of its living descendants, in percent of one core. */
  percentOfCore(): number | undefined {
    const [all, own] = [busyMicros(), usageOf([process.pid])?.cpuMicros];
    if (all === undefined || own === undefined || this.#all === undefined || this.#own === undefined) return undefined;
    const foreign = all - this.#all - (own - this.#own);
    return Math.max(0, (100 * foreign) / (monotonicMicros() - this.#startedAt));
  }
}

/**
 * Of all cores: user, nice, system, and what a virtual machine was not given (proc_stat(5)). Interrupts are left out: most of
 * them move what the load sends.
 */
function busyMicros(): number | undefined {
  try {
    const [user = 0, nice = 0, system = 0, , , , , stolen = 0] =
      /^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]?.split(' ').map(Number) ?? [];
    return (user + nice + system + stolen) * MICROS_PER_TICK;
  } catch {
    return undefined;
  }
}
