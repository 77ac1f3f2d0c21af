import { RowContext } from './context.ts';
import { ProvisionLocks } from './provision-locks.ts';
import type { Row } from './row.ts';
import { SkipRow } from './skip-row.ts';
import type { Target } from './target.ts';

const DEFAULT_TIMEOUT_MS = 20_000;

export interface RowResult {
  readonly id: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped. */
  readonly reason: string | null;
  /** What was sent and what came. */
  readonly transcript: string;
}

/** One run against one server; rows of it may run at the same time. */
export class Run {
  readonly #target: Target;
  readonly #closeCodes: number[] = [];
  readonly #locks = new ProvisionLocks();

  constructor(target: Target) {
    this.#target = target;
  }

  async row(row: Row): Promise<RowResult> {
    const missing = (row.needs ?? []).filter((need) => this.#target.provides[need] === undefined);
    if (missing.length > 0) {
      return { id: row.id, outcome: 'skipped', reason: `the target has no ${missing.join(', ')}`, transcript: '' };
    }
    const release = await this.#locks.lock(row);
    try {
      return await this.#judge(row);
    } finally {
      release();
    }
  }

  async #judge(row: Row): Promise<RowResult> {
    await using context = new RowContext({ rowId: row.id, target: this.#target, closeCodes: this.#closeCodes });
    const result = (outcome: RowResult['outcome'], reason: string | null): RowResult => ({
      id: row.id,
      outcome,
      reason,
      transcript: context.transcript.toString(),
    });
    const timeoutMs = timeoutOf(row);
    try {
      await within(timeoutMs, row.run(context));
      return result('passed', null);
    } catch (error) {
      if (error instanceof SkipRow) return result('skipped', error.message);
      return result('failed', error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }
}

export interface RunOptions {
  readonly rows: readonly Row[];
  readonly target: Target;
  /** Rows at a time. */
  readonly concurrency: number;
  readonly onResult?: (result: RowResult) => void;
}

/** Runs rows, those that judge the others after them; the results are in the order of the rows. */
export async function runRows({ rows, target, concurrency, onResult }: RunOptions): Promise<RowResult[]> {
  const run = new Run(target);
  const results = new Map<string, RowResult>();
  const work = async (...queues: Row[][]): Promise<void> => {
    for (const queue of queues) {
      for (let row = queue.shift(); row !== undefined; row = queue.shift()) {
        const result = await run.row(row);
        results.set(row.id, result);
        onResult?.(result);
      }
    }
  };
  for (const last of [false, true]) {
    const { heavy, light } = queuesOf(rows.filter((row) => (row.last ?? false) === last));
    await Promise.all([work(heavy, light), ...Array.from({ length: concurrency - 1 }, () => work(light))]);
  }
  return rows.flatMap((row) => results.get(row.id) ?? []);
}

/** Rows to run one after the other, and those to run beside them; the ones with the most time first, or the end waits for them. */
export function queuesOf(rows: readonly Row[]): { readonly heavy: Row[]; readonly light: Row[] } {
  const longestFirst = rows.toSorted((a, b) => timeoutOf(b) - timeoutOf(a));
  return { heavy: longestFirst.filter(isHeavy), light: longestFirst.filter((row) => !isHeavy(row)) };
}

function isHeavy({ heavy = false }: Row): boolean {
  return heavy;
}

function timeoutOf({ timeoutMs = DEFAULT_TIMEOUT_MS }: Row): number {
  return timeoutMs;
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error(`the row did not end within ${ms} ms`)), ms);
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
