/** Answers that are waited for. ioredis settles no promise of a command that was under way when the connection broke. */
export class Answers {
  readonly #awaited = new Set<(error: Error) => void>();

  /** As the answer, unless all fail before. */
  await<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#awaited.add(reject);
      answer.finally(() => this.#awaited.delete(reject)).then(resolve, reject);
    });
  }

  fail(reason: string): void {
    for (const reject of this.#awaited) reject(new Error(reason));
    this.#awaited.clear();
  }
}
