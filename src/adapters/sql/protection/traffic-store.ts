import { type Kysely, sql } from "kysely";
import type { Peak, TrafficStore } from "../../../core/protection/guard/ports.ts";
import { DAY_MS, HOUR_MS } from "../../../core/time.ts";
import { rowCount, type SqlDatabase } from "../database.ts";
import type { Schema } from "../tables/schema.ts";

/** Fewer a day than this raise no bound of the guard. */
const LEAST = 10;

const SUBJECTS = [
  { column: "address_tag", kind: "address" },
  { column: "network_tag", kind: "network" },
  { column: "prefix_tag", kind: "prefix" },
  { column: "country", kind: "country" },
] as const;

/**
 * What messages say of traffic. Each statement reads the messages of its time range by their index, outside of
 * requests.
 */
export function createTrafficStore({ db }: SqlDatabase): TrafficStore {
  return {
    async bestDays(since) {
      const peaks: Peak[] = [];
      for (const { column, kind } of SUBJECTS) {
        const rows = await approved(db, column, since, DAY_MS);
        peaks.push(...best(rows).map(({ name, count }) => ({ subject: `${kind}:${name}`, count })));
      }
      const all = await approved(db, undefined, since, DAY_MS);
      return [...peaks, ...best(all).map(({ count }) => ({ subject: "total", count }))];
    },

    async busiestHours(since) {
      const byCountry = await approved(db, "country", since, HOUR_MS);
      const all = await approved(db, undefined, since, HOUR_MS);
      return [...best(byCountry), ...best(all)].map(({ name, count }) => ({ subject: name, count }));
    },

    numbers: (since, limit) => numbersOf(db, since, limit),

    async spent(since) {
      const rows = await db
        .selectFrom("messages")
        .select((eb) => ["sender", "country", "client", eb.fn.sum<string>("price").as("micros")])
        .where("created_at", ">", since)
        .groupBy(["sender", "country", "client"])
        .execute();
      return rows.map(({ sender, country, client, micros }) => ({
        sender: sender ?? "",
        country: country ?? "",
        ...(client !== null && { client }),
        micros: Number(micros),
      }));
    },

    async open(since) {
      const rows = await db
        .selectFrom("messages")
        .select((eb) => ["country", "converted", eb.fn.countAll<string>().as("count")])
        .where("created_at", ">", since)
        .where("bucket", "=", "stranger")
        .where("country", "is not", null)
        .where("status", "in", ["sending", "accepted", "unknown", "delivered"])
        .groupBy(["country", "converted"])
        .execute();
      const open = new Map<string, number>();
      for (const { country, converted, count } of rows) {
        const change = converted === 1 ? -Number(count) : Number(count);
        open.set(country ?? "", (open.get(country ?? "") ?? 0) + change);
      }
      return [...open].map(([country, count]) => ({ country, count }));
    },
  };
}

interface Count {
  readonly name: string;
  readonly count: number;
}

/** How many messages were approved in each span of so many milliseconds, grouped by this column if one is named. */
async function approved(
  db: Kysely<Schema>,
  column: (typeof SUBJECTS)[number]["column"] | undefined,
  since: number,
  spanMs: number,
): Promise<readonly Count[]> {
  const span = sql<number>`created_at - created_at % ${sql.lit(spanMs)}`;
  const name = column ? sql<string>`${sql.ref(column)}` : sql<string>`''`;
  const rows = await db
    .selectFrom("messages")
    .select((eb) => [name.as("name"), span.as("span"), eb.fn.countAll<string>().as("count")])
    .where("created_at", ">", since)
    .where("converted", "=", 1)
    .where("bucket", "=", "stranger")
    .where("country", "is not", null)
    .groupBy(["name", "span"])
    .having((eb) => eb.fn.countAll(), ">", LEAST)
    .execute();
  return rows.filter((row) => row.name !== null).map((row) => ({ name: row.name, count: Number(row.count) }));
}

/** Ids of messages are in the order of time, so the greatest id of a phone is its last message. */
async function numbersOf(db: Kysely<Schema>, since: number, limit: number): Promise<readonly Peak[]> {
  const last = db
    .selectFrom("messages")
    .select((eb) => eb.fn.max("id").as("id"))
    .where("created_at", ">", since)
    .where("converted", "=", 1)
    .where("network_tag", "is not", null)
    .groupBy("phone_tag");
  const all = await db
    .selectFrom(last.as("last"))
    .select((eb) => eb.fn.countAll<string>().as("count"))
    .executeTakeFirstOrThrow();
  const found = await db
    .selectFrom(last.as("last"))
    .innerJoin("messages", "messages.id", "last.id")
    .select((eb) => ["network_tag", eb.fn.countAll<string>().as("count")])
    .groupBy("network_tag")
    .orderBy("count", "desc")
    .orderBy("network_tag")
    .limit(rowCount(limit))
    .execute();
  const networks = found.map(({ network_tag, count }) => ({
    subject: network_tag ?? "",
    count: Number(count),
  }));
  return [{ subject: "", count: Number(all.count) }, ...networks];
}

/** The greatest count of each name. */
function best(counts: readonly Count[]): Count[] {
  const most = new Map<string, number>();
  for (const { name, count } of counts) most.set(name, Math.max(count, most.get(name) ?? 0));
  return [...most].map(([name, count]) => ({ name, count }));
}
