/** Thrown where a row finds that it cannot be judged with this target. */
export class SkipRow extends Error {
  override readonly name = 'SkipRow';
}
