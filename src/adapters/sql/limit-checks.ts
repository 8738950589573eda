import type { Kysely } from "kysely";
import { backoffEndsAt } from "../../core/protection/backoff.ts";
import type { Backoff } from "../../core/protection/ports.ts";
import { rows } from "./database.ts";
import type { Counter } from "./limit-parts.ts";
import { sumsFreeAt } from "./limit-sums.ts";
import type { Schema } from "./schema.ts";

/** From when on each of the counters lets the next event through; `now` or earlier where it does so already. */
export async function freeAt(
  trx: Kysely<Schema>,
  counters: readonly Counter[],
  now: number,
): Promise<readonly number[]> {
  const windows = await windowsFreeAt(
    trx,
    counters.filter(({ amount }) => amount === undefined),
    now,
  );
  const sums = await sumsFreeAt(trx, counters, now);
  const free: number[] = [];
  for (const counter of counters) {
    const ends = windows.filter(({ of }) => of === counter).map(({ at }) => at);
    if (counter.backoff) ends.push(await backoffFreeAt(trx, counter.key, counter.backoff, now));
    free.push(Math.max(now, sums.get(counter) ?? now, ...ends));
  }
  return free;
}

interface WindowEnd {
  readonly of: Counter;
  readonly at: number;
}

/**
 * A window is full as long as the `max`-th newest event lies in it. Events later than `now` (written by a process whose
 * clock is ahead) count too: so no window ever holds more than `max`, whatever the clocks do. One statement asks for
 * all windows.
 */
async function windowsFreeAt(
  trx: Kysely<Schema>,
  counters: readonly Counter[],
  now: number,
): Promise<readonly WindowEnd[]> {
  const windows = counters.flatMap((of) =>
    of.windows.map(({ max, windowMs }) => ({ of, max: Math.ceil(max), windowMs })),
  );
  const open = windows.filter(({ max }) => max >= 1);
  if (open.length === 0) return windows.map(({ of, windowMs }) => ({ of, at: now + windowMs }));
  const oldest = await trx
    .selectNoFrom((eb) =>
      open.map(({ of, max, windowMs }, index) =>
        eb
          .selectFrom("limit_events")
          .select("at")
          .where("limit_key", "=", of.key)
          .where("part", "=", of.part)
          .where("at", ">", now - windowMs)
          .orderBy("at", "desc")
          .limit(rows(1))
          .offset(rows(max - 1))
          .as(`w${index}`),
      ),
    )
    .executeTakeFirstOrThrow();
  return windows.map((window) => {
    const at = window.max < 1 ? now : oldest[`w${open.indexOf(window)}`];
    return { of: window.of, at: typeof at === "number" ? at + window.windowMs : now };
  });
}

async function backoffFreeAt(
  trx: Kysely<Schema>,
  key: string,
  backoff: Backoff,
  now: number,
): Promise<number> {
  const events = await trx
    .selectFrom("limit_events")
    .select("at")
    .where("limit_key", "=", key)
    .where("part", "=", 0)
    .where("at", ">", now - backoff.windowMs)
    .orderBy("at")
    .execute();
  return backoffEndsAt(
    events.map(({ at }) => at),
    backoff,
    now,
  );
}
