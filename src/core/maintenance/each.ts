import { UnavailableError } from "../refusals.ts";
import type { Piece } from "./tick.ts";

/** How a piece of work ends: after so many items, or before, where its time is over. */
interface Bounds {
  readonly most: number;
  readonly isOver: () => boolean;
}

/**
 * Works on one item after the other as a piece of work. Where one fails, such as a row that somebody damaged, the others are
 * worked on all the same, and its error is thrown after them. A store that cannot be reached would fail all of them, so that
 * ends the work at once.
 */
export async function workOnEach<T>(
  items: readonly T[],
  { most, isOver }: Bounds,
  work: (item: T) => Promise<void>,
): Promise<Piece> {
  const failures: unknown[] = [];
  let count = 0;
  for (const item of items) {
    if (isOver()) break;
    count += 1;
    try {
      await work(item);
    } catch (error) {
      if (error instanceof UnavailableError) throw error;
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return { count, isLast: count === items.length && count < most };
}
