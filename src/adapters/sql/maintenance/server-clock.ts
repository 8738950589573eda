import { sql } from "kysely";
import { isSqlite, type SqlDatabase } from "../database.ts";

/**
 * The database's own clock, in whole milliseconds since 1970; undefined if it uses this machine's clock, as SQLite
 * does.
 */
export async function serverNow({ db }: SqlDatabase): Promise<number | undefined> {
  if (isSqlite(db)) return undefined;
  const { rows } = await sql<{ micros: number | string }>`
    select timestampdiff(microsecond, '1970-01-01 00:00:00', utc_timestamp(6)) as micros`.execute(db);
  return Math.floor(Number(rows[0]?.micros) / 1000);
}
