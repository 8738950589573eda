import type { Kysely } from "kysely";
import { backoffEndsAt } from "../../core/protection/backoff.ts";
import type { Lease } from "../../core/protection/ports.ts";
import { rows } from "./database.ts";
import type { Counter } from "./limit-parts.ts";
import { type Reusable, reusable } from "./reusable.ts";
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

interface WindowAsked {
  readonly as: string;
  readonly key: string;
  readonly part: number;
  readonly max: number;
  readonly windowMs: number;
}

/** What a question asks for at once, its values aside. */
interface Shape {
  readonly windows: readonly (Pick<WindowAsked, "as"> & { readonly offset: number })[];
  readonly keys: number;
  readonly asksEpoch: boolean;
  readonly asksLease: boolean;
}

async function askAtOnce(
  trx: Kysely<Schema>,
  { counters, member, epoch, lease }: Question,
  now: number,
): Promise<Record<string, unknown>> {
  const windows = counters.flatMap(({ key, part, windows }, index) =>
    windows.map((window, nth): WindowAsked => ({ ...window, key, part, as: `w${index}_${nth}` })),
  );
  const open = windows.filter(({ max }) => max >= 1);
  const keys = member === undefined ? [] : keysOf(counters);
  if (open.length + keys.length === 0 && epoch === undefined && !lease) return {};
  const statement = statementFor(trx, {
    windows: open.map(({ as, max }) => ({ as, offset: Math.ceil(max) - 1 })),
    keys: keys.length,
    asksEpoch: epoch !== undefined,
    asksLease: lease !== undefined,
  });
  const values = { now, member: member ?? "", epoch: epoch ?? "", lease: lease?.key ?? "" };
  const named = [
    ...open.flatMap(({ as, key, part, windowMs }) => [
      [`${as}_key`, key],
      [`${as}_part`, part],
      [`${as}_since`, now - windowMs],
    ]),
    ...keys.map((key, index) => [`h${index}_key`, key]),
  ];
  const { rows: found } = await statement(trx, [{ ...values, ...Object.fromEntries(named) }]);
  return found[0] ?? {};
}

type Values = Readonly<Record<string, string | number>>;
type Statement = Reusable<Values, Record<string, unknown>>;

/** Those of each database by their shape: there are as many as there are kinds of takes. */
const statements = new WeakMap<object, Map<string, Statement>>();
/** What is learned changes bounds, and so shapes, as time goes by. */
const MOST_SHAPES = 200;

function statementFor(trx: Kysely<Schema>, shape: Shape): Statement {
  const { adapter } = trx.getExecutor();
  const kept = statements.get(adapter) ?? new Map<string, Statement>();
  statements.set(adapter, kept);
  const name = JSON.stringify(shape);
  const statement = kept.get(name) ?? reusable(([values]: readonly Values[]) => asking(trx, shape, values));
  if (kept.size >= MOST_SHAPES) kept.clear();
  kept.set(name, statement);
  return statement;
}

/**
 * A window is full as long as the `max`-th newest event lies in it (`w<counter>_<window>`). Events later than `now`
 * (written by a process whose clock is ahead) count too: so no window ever holds more than `max`, whatever the clocks do.
 */
function asking(trx: Kysely<Schema>, { windows, keys, asksEpoch, asksLease }: Shape, values: Values = {}) {
  const text = (name: string) => values[name] as string;
  const number = (name: string) => values[name] as number;
  return trx.selectNoFrom((eb) => [
    ...windows.map(({ as, offset }) =>
      eb
        .selectFrom("limit_events")
        .select("at")
        .where("limit_key", "=", text(`${as}_key`))
        .where("part", "=", number(`${as}_part`))
        .where("at", ">", number(`${as}_since`))
        .orderBy("at", "desc")
        .limit(rows(1))
        .offset(rows(offset))
        .as(as),
    ),
    ...Array.from({ length: keys }, (_, index) =>
      eb
        .selectFrom("limit_events")
        .select("member")
        .where("limit_key", "=", text(`h${index}_key`))
        .where("member", "=", text("member"))
        .as(`h${index}`),
    ),
    ...(asksEpoch
      ? [eb.selectFrom("limit_seeds").select("epoch").where("epoch", "=", text("epoch")).as("seeded")]
      : []),
    ...(asksLease
      ? [
          live(eb, text("lease"), number("now"))
            .select(({ fn }) => fn.sum<number>("amount").as("amount"))
            .as("leased"),
          live(eb, text("lease"), number("now"))
            .select(({ fn }) => fn.min("ends_at").as("ends_at"))
            .as("ends"),
        ]
      : []),
  ]);
}

function live(eb: { selectFrom: Kysely<Schema>["selectFrom"] }, key: string, now: number) {
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
