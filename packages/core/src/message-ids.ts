import { randomBytes } from 'node:crypto';

/** Names messages among those of all workers and nodes, so that workers can tell whether they mean the same base. */
export class MessageIds {
  /** Of this process: 8 characters, which two processes have in common once in 2⁴⁸ pairs. */
  readonly #process = randomBytes(6).toString('base64url');
  #count = 0;

  next(): string {
    return `${this.#process}${(this.#count++).toString(36)}`;
  }
}
