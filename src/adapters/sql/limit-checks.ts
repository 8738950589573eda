import type { Kysely } from "kysely";
import { backoffEndsAt } from "../../core/protection/backoff.ts";
import type { Lease } from "../../core/protection/ports.ts";
import { rows } from "./database.ts";
import type { Counter } from "./limit-parts.ts";
import type { Schema } from "./schema.ts";

/** What a take wants to know of what was counted. */
export interface Question {
  readonly counters: readonly Counter[];
  /** Whether this one counts already is asked as well, on the counters' keys. */
  readonly member?: string;
  readonly epoch?: string;
  readonly lease?: Lease;
}

export interface Answer {
  readonly isSeeded: boolean;
  /** The keys on which the member counts. */
  readonly held: ReadonlySet<string>;
  /** How many guesses are set aside on the lease's key, and when the first of them are free again. */
  readonly leased: { readonly amount: number; readonly endsAt: number };
  /**
   * From when on each of the counters lets the next event through; `now` or earlier where it does so already. Sums of
   * amounts are no part of this question, and are free.
   */
  readonly free: readonly number[];
}

/** One statement for all but backoffs, and one for those. */
export async function ask(trx: Kysely<Schema>, question: Question, now: number): Promise<Answer> {
  const counters = question.counters.map((counter) =>
    counter.amount === undefined ? counter : { ...counter, windows: [] },
  );
  const found = await askAtOnce(trx, { ...question, counters }, now);
  const times = await backoffTimes(trx, counters, now);
  const free = counters.map((counter, index) => {
    const { key, backoff } = counter;
    const ends = counter.windows.map(({ max, windowMs }, nth) => {
      const at = max < 1 ? now : found[`w${index}_${nth}`];
      return typeof at === "number" ? at + windowMs : now;
    });
    return Math.max(now, ...ends, backoff ? backoffEndsAt(times.get(key) ?? [], backoff, now) : now);
  });
  return {
    isSeeded: question.epoch === undefined || typeof found.seeded === "string",
    held: new Set(keysOf(counters).filter((_, index) => typeof found[`h${index}`] === "string")),
    leased: { amount: Number(found.leased ?? 0), endsAt: Number(found.ends ?? Number.POSITIVE_INFINITY) },
    free,
  };
}

function keysOf(counters: readonly Counter[]): readonly string[] {
  return [...new Set(counters.filter(({ amount }) => amount === undefined).map(({ key }) => key))];
}

/**
 * A window is full as long as the `max`-th newest event lies in it (`w<counter>_<window>`). Events later than `now`
 * (written by a process whose clock is ahead) count too: so no window ever holds more than `max`, whatever the clocks do.
 */
async function askAtOnce(
  trx: Kysely<Schema>,
  { counters, member, epoch, lease }: Question,
  now: number,
): Promise<Record<string, unknown>> {
  const windows = counters.flatMap(({ key, part, windows }, index) =>
    windows.map((window, nth) => ({ ...window, key, part, as: `w${index}_${nth}` })),
  );
  const open = windows.filter(({ max }) => max >= 1);
  const keys = member === undefined ? [] : keysOf(counters);
  if (open.length + keys.length === 0 && epoch === undefined && !lease) return {};
  return await trx
    .selectNoFrom((eb) => [
      ...open.map(({ key, part, max, windowMs, as }) =>
        eb
          .selectFrom("limit_events")
          .select("at")
          .where("limit_key", "=", key)
          .where("part", "=", part)
          .where("at", ">", now - windowMs)
          .orderBy("at", "desc")
          .limit(rows(1))
          .offset(rows(Math.ceil(max) - 1))
          .as(as),
      ),
      ...keys.map((key, index) =>
        eb
          .selectFrom("limit_events")
          .select("member")
          .where("limit_key", "=", key)
          .where("member", "=", member ?? "")
          .as(`h${index}`),
      ),
      ...(epoch === undefined
        ? []
        : [eb.selectFrom("limit_seeds").select("epoch").where("epoch", "=", epoch).as("seeded")]),
      ...(lease
        ? [
            live(eb, lease, now)
              .select(({ fn }) => fn.sum<number>("amount").as("amount"))
              .as("leased"),
            live(eb, lease, now)
              .select(({ fn }) => fn.min("ends_at").as("ends_at"))
              .as("ends"),
          ]
        : []),
    ])
    .executeTakeFirstOrThrow();
}

function live(eb: { selectFrom: Kysely<Schema>["selectFrom"] }, { key }: Lease, now: number) {
  return eb.selectFrom("limit_leases").where("limit_key", "=", key).where("ends_at", ">", now);
}

/** When the events of the counters with a backoff happened, oldest first, by key. */
async function backoffTimes(
  trx: Kysely<Schema>,
  counters: readonly Counter[],
  now: number,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const waiting = counters.flatMap(({ key, backoff }) => (backoff ? [{ key, ...backoff }] : []));
  if (waiting.length === 0) return new Map();
  const since = now - Math.max(...waiting.map(({ windowMs }) => windowMs));
  const events = await trx
    .selectFrom("limit_events")
    .select(["limit_key", "at"])
    .where(
      "limit_key",
      "in",
      waiting.map(({ key }) => key),
    )
    .where("part", "=", 0)
    .where("at", ">", since)
    .orderBy("at")
    .execute();
  return timesByKey(events);
}

function timesByKey(events: readonly { readonly limit_key: string; readonly at: number }[]) {
  const times = new Map<string, number[]>();
  for (const { limit_key, at } of events) {
    const of = times.get(limit_key) ?? [];
    of.push(at);
    times.set(limit_key, of);
  }
  return times;
}
