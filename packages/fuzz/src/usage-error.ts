/** The command line is wrong; nothing was started. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
