import type { Compilable, CompiledQuery, Kysely, QueryResult } from "kysely";
import type { Schema } from "../tables/schema.ts";
import type { Bindable } from "./values.ts";

/** The values of one run of a statement, by names. All rows have the same names. */
type Row<R> = Readonly<Record<keyof R, Bindable>>;

/** Stands for a value while a statement is built. */
class Mark {
  readonly index: number;
  readonly name: string;

  constructor(index: number, name: string) {
    this.index = index;
    this.name = name;
  }
}

/** A statement with its values, for so many rows. */
export type Filled<R extends Row<R>, O> = (rows: readonly R[], db: Kysely<Schema>) => CompiledQuery<O>;

/** Runs a statement for so many rows. */
export type Reusable<R extends Row<R>, O> = (
  db: Kysely<Schema>,
  rows: readonly R[],
) => Promise<QueryResult<O>>;

/**
 * A statement that is built once for each number of rows and then run with other values: building its text takes
 * several times as long as sending it.
 *
 * @param build must use every value unchanged, and must not depend on any; everything else stays as it was the first
 *   time
 */
export function reusable<R extends Row<R>, O>(
  build: (rows: readonly R[], db: Kysely<Schema>) => Compilable<O>,
): Reusable<R, O> {
  const fill = filled(build);
  return async (db, rows) => await db.executeQuery(fill(rows, db));
}

/** Like `reusable`, for callers that run the statement themselves. */
export function filled<R extends Row<R>, O>(
  build: (rows: readonly R[], db: Kysely<Schema>) => Compilable<O>,
): Filled<R, O> {
  const built = new Map<number, CompiledQuery<O>>();
  return (rows, db) => {
    const query = built.get(rows.length) ?? build(rows.map(marked), db).compile();
    built.set(rows.length, query);
    const given = (parameter: unknown) =>
      parameter instanceof Mark ? rows[parameter.index]?.[parameter.name as keyof R] : parameter;
    return { ...query, parameters: query.parameters.map(given) };
  };
}

/** By its type it takes values; the builder passes on whatever it gets. */
function marked<R extends Row<R>>(row: R, index: number): R {
  const marks = Object.keys(row).map((name) => [name, new Mark(index, name)]);
  return Object.fromEntries(marks) as R;
}
