/** The command line is wrong; nothing was started. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A server did wrong (lost a message, refused a client), or could not be started: there is no number to report. */
export class BenchmarkFailure extends Error {
  override readonly name = 'BenchmarkFailure';
}
