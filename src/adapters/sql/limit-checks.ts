import type { Kysely } from "kysely";
import { backoffEndsAt } from "../../core/protection/backoff.ts";
import type { LimitCheck } from "../../core/protection/ports.ts";
import { rows } from "./database.ts";
import type { Schema } from "./schema.ts";

/** From when on this check lets the next event through; `now` or earlier where it does so already. */
export async function freeAt(trx: Kysely<Schema>, check: LimitCheck, now: number): Promise<number> {
  let latest = now;
  for (const { max, windowMs } of check.windows) {
    latest = Math.max(latest, await windowFreeAt(trx, check.key, Math.ceil(max), windowMs, now));
  }
  if (check.backoff) latest = Math.max(latest, await backoffFreeAt(trx, check.key, check.backoff, now));
  return latest;
}

/**
 * A window is full as long as the `max`-th newest event lies in it. Events later than `now` (written by a process whose
 * clock is ahead) count too: so no window ever holds more than `max`, whatever the clocks do.
 */
async function windowFreeAt(
  trx: Kysely<Schema>,
  key: string,
  max: number,
  windowMs: number,
  now: number,
): Promise<number> {
  if (max < 1) return now + windowMs;
  const oldest = await trx
    .selectFrom("limit_events")
    .select("at")
    .where("limit_key", "=", key)
    .orderBy("at", "desc")
    .limit(rows(1))
    .offset(rows(max - 1))
    .executeTakeFirst();
  return oldest ? oldest.at + windowMs : now;
}

async function backoffFreeAt(
  trx: Kysely<Schema>,
  key: string,
  backoff: NonNullable<LimitCheck["backoff"]>,
  now: number,
): Promise<number> {
  const events = await trx
    .selectFrom("limit_events")
    .select("at")
    .where("limit_key", "=", key)
    .where("at", ">", now - backoff.windowMs)
    .orderBy("at")
    .execute();
  return backoffEndsAt(
    events.map(({ at }) => at),
    backoff,
    now,
  );
}
