import type { Program } from '@sluice/testkit';
import { Harm } from './harm.ts';
import type { Batch } from './surface.ts';
import { Subject } from './subject.ts';

/** Has a server that is sound: one that was harmed is given away, and the next batch gets another. */
export class Lab implements AsyncDisposable {
  readonly #program: Program | undefined;
  #subject: Subject | null = null;
  /** Why no server could be started; undefined while all could. Nothing can be judged then. */
  fault: unknown;

  constructor(program?: Program) {
    this.#program = program;
  }

  async subject(): Promise<Subject> {
    try {
      this.#subject ??= await Subject.start(this.#program);
    } catch (error) {
      this.fault ??= error;
      throw error;
    }
    return this.#subject;
  }

  /** Throws if the batch did harm. */
  async judge(batch: Batch): Promise<void> {
    const subject = await this.subject();
    try {
      await Promise.race([batch.send(subject), subject.harm]);
      await subject.assertUnharmed();
    } catch (error) {
      const seen = error instanceof Error ? error.message : String(error);
      const told = await subject.complaints();
      await this.discard();
      throw new Harm([seen, ...told].join('\n'), { cause: error });
    }
  }

  async discard(): Promise<void> {
    await this.#subject?.[Symbol.asyncDispose]();
    this.#subject = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.discard();
  }
}
