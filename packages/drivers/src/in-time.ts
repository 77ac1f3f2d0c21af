/** Rejects where the answer does not come within `ms`; what comes later is ignored. */
export function inTime<T>(ms: number, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer in ${ms} ms`)), ms);
    answer.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
