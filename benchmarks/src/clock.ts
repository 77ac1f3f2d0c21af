/** Microseconds of the machine's monotonic clock: one and the same in every process, so differences across processes are true. */
export function monotonicMicros(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + Math.floor(nanoseconds / 1000);
}

export function unixSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
