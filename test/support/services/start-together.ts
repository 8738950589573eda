interface Stoppable {
  stop(): Promise<unknown>;
}

export type Keep = <T extends Stoppable>(starting: Promise<T>) => Promise<T>;

/** Starts what belongs together, each part through `keep`. If a part fails, no part is left running. */
export async function startTogether<T>(start: (keep: Keep) => Promise<T>): Promise<T> {
  const parts: Promise<Stoppable>[] = [];
  try {
    return await start((starting) => {
      parts.push(starting);
      return starting;
    });
  } catch (error) {
    // Even if stopping fails, the first failure is the one that is thrown.
    await Promise.allSettled(parts.map(async (part) => await (await part).stop()));
    throw error;
  }
}
