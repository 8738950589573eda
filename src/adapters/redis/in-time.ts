/** Nothing came in time; it may still come. */
export class SilenceError extends Error {}

/** Rejects with `SilenceError` if the work is not done after this time. The work itself goes on. */
export function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new SilenceError(`no answer within ${ms} ms`)), ms);
    const end = () => clearTimeout(timer);
    work.then(resolve, reject);
    work.then(end, end);
  });
}
