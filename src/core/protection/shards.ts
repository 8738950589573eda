/** Enough that callers of one database rarely meet: each part lets several hundred takes a second through. */
const SHARDS = 32;
/** With smaller parts too many takes would find theirs full and have to look for another. */
const LEAST_IN_EACH = 8;

/**
 * Into how many parts a counter that all requests share is split (`LimitCheck.shards`). Small limits are not: so few
 * takes cannot stand in each other's way.
 *
 * @param max the most that any check on the key lets through in its window. Where that is learned as time goes by, take
 *   the least that it can be, so that the number of parts stays.
 */
export function shardsFor(max: number): number {
  return max >= SHARDS * LEAST_IN_EACH ? SHARDS : 1;
}
