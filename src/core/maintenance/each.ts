import { UnavailableError } from "../refusals.ts";

/**
 * Works on one item after the other. Where one fails, such as a row that somebody damaged, the others are worked on all
 * the same, and its error is thrown after them. A store that cannot be reached would fail all of them, so that ends the
 * work at once.
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
