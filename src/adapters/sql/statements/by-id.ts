import { sql } from "kysely";

/** The value of a column in one update of several rows: each row gets the value for its id. */
export function saidById<R extends { readonly id: string }, K extends keyof R>(rows: readonly R[], name: K) {
  const whens = rows.map((row) => sql`when ${row.id} then ${row[name]}`);
  return sql<R[K]>`case id ${sql.join(whens, sql` `)} end`;
}
