import fc from 'fast-check';
import type { Subject } from './subject.ts';

/** A way into the server: what can be sent, and how. */
export interface Surface {
  readonly name: string;
  readonly title: string;
  readonly batches: fc.Arbitrary<Batch>;
}

/** Cases that are sent together. */
export interface Batch {
  readonly cases: readonly unknown[];
  /** Sends them, and waits for the answers. Throws for what was wrong with those. */
  send(subject: Subject): Promise<void>;
}

export interface SurfaceSpec<Case> {
  readonly name: string;
  readonly title: string;
  readonly cases: fc.Arbitrary<Case>;
  readonly maxBatch: number;
  readonly send: (cases: readonly Case[], subject: Subject) => Promise<void>;
}

export function surfaceOf<Case>({ name, title, cases, maxBatch, send }: SurfaceSpec<Case>): Surface {
  const batches = fc
    .array(cases, { minLength: 1, maxLength: maxBatch, size: 'max' })
    .map((batch): Batch => ({ cases: batch, send: (subject) => send(batch, subject) }));
  return { name, title, batches };
}
