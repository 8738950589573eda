import { sql } from "kysely";

/** What a column becomes in one update of several rows: what the row with its id says. */
export function saidById<R extends { readonly id: string }, K extends keyof R>(rows: readonly R[], name: K) {
  const whens = rows.map((row) => sql`when ${row.id} then ${row[name]}`);
  return sql<R[K]>`case id ${sql.join(whens, sql` `)} end`;
}
