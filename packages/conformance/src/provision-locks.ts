import type { Row } from './row.ts';
import type { Need } from './target.ts';

/** What only one row at a time can use. */
const EXCLUSIVE: ReadonlySet<Need> = new Set<Need>(['limited-app', 'node-capacity', 'restart', 'kill-process']);

/** Who uses a provision or waits for it. */
interface Turn {
  /** Ends with the latest of those that use it alone. */
  alone: Promise<void>;
  /** Those that came after it and use it together. */
  together: Promise<void>[];
}

/** Lets rows use what they need together, but for what a row can only use alone; first come, first served. */
export class ProvisionLocks {
  readonly #turns = new Map<Need, Turn>();

  /** Waits for its turn with all of these; always taken in the same order, so that no two rows wait for each other. */
  async lock({ needs = [], disturbs = [] }: Row): Promise<() => void> {
    const { promise: over, resolve: release } = Promise.withResolvers<void>();
    for (const need of [...new Set([...needs, ...disturbs])].sort()) {
      const isAlone = EXCLUSIVE.has(need) || disturbs.includes(need);
      const turn = this.#turns.get(need) ?? { alone: Promise.resolve(), together: [] };
      this.#turns.set(need, turn);
      const { alone, together } = turn;
      if (isAlone) {
        this.#turns.set(need, { alone: over, together: [] });
        await Promise.all([alone, ...together]);
      } else {
        together.push(over);
        await alone;
      }
    }
    return release;
  }
}
