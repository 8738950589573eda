import { UnavailableError } from "../refusals.ts";

/**
 * Works on one item after the other. One that fails, such as a row that somebody damaged, keeps none of the others from
 * their turn: what it failed with is thrown behind them. What is away is away for all, so that ends the work at once.
 */
export async function workOnEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  for (const item of items) {
    try {
      await work(item);
    } catch (error) {
      if (error instanceof UnavailableError) throw error;
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
