/** The command line is wrong; nothing was asked of any server. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
