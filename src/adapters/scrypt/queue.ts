/** Runs this many jobs at once, lets this many wait in order, and turns the rest away. */
export function createQueue({ atOnce, waiting }: { readonly atOnce: number; readonly waiting: number }) {
  const waiters: (() => void)[] = [];
  let running = 0;

  async function begin(isFull: () => Error): Promise<void> {
    if (running < atOnce) {
      running += 1;
      return;
    }
    if (waiters.length >= waiting) throw isFull();
    // A job that ends hands its place to the next in the queue, so that no newcomer can take it.
    await new Promise<void>((resolve) => waiters.push(resolve));
  }

  function end(): void {
    const next = waiters.shift();
    if (next) next();
    else running -= 1;
  }

  return {
    /** Rejects with the error from `isFull` if too many wait already. */
    async run<T>(work: () => Promise<T>, isFull: () => Error): Promise<T> {
      await begin(isFull);
      try {
        return await work();
      } finally {
        end();
      }
    },
  };
}
