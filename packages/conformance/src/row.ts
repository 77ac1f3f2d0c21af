import type { RowContext } from './context.ts';
import type { Need } from './target.ts';

/** One statement about a Pusher server, and how to find out whether it holds. */
export interface Row {
  /** Never changes and is never given to another statement. */
  readonly id: string;
  readonly statement: string;
  /** A target without one of these skips the row. */
  readonly needs?: readonly Need[];
  /** What no other row can use while this one runs. */
  readonly disturbs?: readonly Need[];
  readonly timeoutMs?: number;
  /** Keeps a processor busy. Such rows run one after the other, or what the rows beside them wait for would come late. */
  readonly heavy?: boolean;
  /** Judges what the other rows have seen, so it runs after them. */
  readonly last?: boolean;
  /** Throws where the statement does not hold. */
  run(context: RowContext): Promise<void>;
}
