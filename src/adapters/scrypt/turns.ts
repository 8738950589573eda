/** Runs so many at once, lets so many wait in order, and turns the rest away. */
export function createTurns({ atOnce, waiting }: { readonly atOnce: number; readonly waiting: number }) {
  const queue: (() => void)[] = [];
  let running = 0;

  async function begin(isFull: () => Error): Promise<void> {
    if (running < atOnce) {
      running += 1;
      return;
    }
    if (queue.length >= waiting) throw isFull();
    // Whoever ends hands its place on, so that nobody who comes meanwhile gets it.
    await new Promise<void>((resolve) => queue.push(resolve));
  }

  function end(): void {
    const next = queue.shift();
    if (next) next();
    else running -= 1;
  }

  return {
    /** Rejects with what `isFull` makes where too many wait already. */
    async take<T>(work: () => Promise<T>, isFull: () => Error): Promise<T> {
      await begin(isFull);
      try {
        return await work();
      } finally {
        end();
      }
    },
  };
}
