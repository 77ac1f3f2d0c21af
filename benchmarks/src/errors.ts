/** The command line is wrong; nothing was started. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A server did wrong (lost a message, refused a client), or could not be started: there is no number to report. */
export class BenchmarkFailure extends Error {
  override readonly name = 'BenchmarkFailure';
}

/** Tells what went wrong, and returns the exit code; what is neither of the two is a fault of this program and goes on. */
export function reportFailure(error: unknown, help: string): number {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n(${help} lists everything)\n`);
    return 2;
  }
  if (!(error instanceof BenchmarkFailure)) throw error;
  process.stderr.write(`FAILED: ${error.message}\n`);
  return 1;
}
