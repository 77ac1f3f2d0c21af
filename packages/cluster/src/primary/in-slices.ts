/** A message that comes meanwhile waits as long at most. */
const SLICE_MS = 5;

/** Takes the steps of what would block the loop for long, a slice in each turn. */
export function inSlices<Result>(steps: Iterator<void, Result>, done: (result: Result) => void): void {
  const endsAt = performance.now() + SLICE_MS;
  do {
    const step = steps.next();
    if (step.done === true) {
      done(step.value);
      return;
    }
  } while (performance.now() < endsAt);
  setImmediate(() => inSlices(steps, done));
}
