import { checkMutation, type Mutation } from '@sluice/testkit';
import type { Need } from '../src/index.ts';

/** One way to break the server, and the rows that notice it. */
export interface Mutant extends Mutation {
  /** Says what the broken server does. */
  readonly name: string;
  /** Each of them has to fail. */
  readonly rows: readonly string[];
  /** What the server has to be prepared with for them to notice it, beyond what they need. */
  readonly needs?: readonly Need[];
}

/** Mutants of one file. */
export function inFile(file: string, mutants: readonly Omit<Mutant, 'file'>[]): readonly Mutant[] {
  return mutants.map((mutant) => ({ ...mutant, file }));
}

/** What no longer fits the source as it is, and why. */
export function driftOf(mutants: readonly Mutant[]): readonly string[] {
  return mutants.flatMap((mutant) => {
    try {
      checkMutation(mutant);
      return [];
    } catch (error) {
      return [`${mutant.name}: ${error instanceof Error ? error.message : String(error)}`];
    }
  });
}
