/** Enough that callers of one database rarely meet: each part lets several hundred takes a second through. */
const SHARDS = 32;
/** With smaller parts too many takes would find theirs full and have to look for another. */
const LEAST_IN_EACH = 8;
/** Of a sum every take looks at all parts, which is why there are fewer. */
const SUM_SHARDS = 16;

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

/**
 * Into how many parts a sum that all requests share is split.
 *
 * @param max the most that it lets through in its window; those who may go beyond it count in the same parts
 * @param amount the least that is counted at a time. What is more than a part has left is laid into several.
 */
export function sumShardsFor(max: number, amount: number): number {
  return amount > 0 && max >= SUM_SHARDS * LEAST_IN_EACH * amount ? SUM_SHARDS : 1;
}
