/** The machine's monotonic clock: the same in every process, so differences between two processes are true. */
export function monotonicMicros(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + Math.floor(nanoseconds / 1000);
}

export function unixSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
