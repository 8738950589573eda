import type { Connection, PrepareStatementInfo, QueryError, QueryResult } from "mysql2";
import type { Bindable } from "../statements/values.ts";

/** A statement as mysql2 keeps it for as long as its connection lives, with what is not in its types. */
export interface Prepared extends PrepareStatementInfo {
  parameters?: readonly ParameterType[];
}

/** What mysql2 binds a value by. */
interface ParameterType {
  readonly columnType: number;
  readonly flags: number;
}

/** There are few different types, so all statements share the same objects. */
const sharedTypes = new Map<string, ParameterType>();
const trimmed = new WeakSet<Prepared>();

/** Runs a statement with values. It is prepared once for each text and connection. */
export function runPrepared(
  client: Connection,
  sql: string,
  values: readonly Bindable[],
  done: (error: QueryError | null, result: QueryResult) => void,
): void {
  client.execute(sql, [...values], (error, result: QueryResult) => {
    // The statement is already prepared: this call returns it from the client, without asking the server.
    if (!error) client.prepare(sql, (_, statement?: Prepared) => statement && keepTypes(statement));
    done(error, result);
  });
}

/**
 * Drops everything that the server said of a statement's parameters but their types. For each value of each row that is
 * names, a length and the packet that told of them: 200 bytes.
 */
export function keepTypes(statement: Prepared): void {
  if (!statement.parameters || trimmed.has(statement)) return;
  trimmed.add(statement);
  statement.parameters = statement.parameters.map(({ columnType, flags }) => {
    const key = `${columnType} ${flags}`;
    const type = sharedTypes.get(key) ?? { columnType, flags };
    sharedTypes.set(key, type);
    return type;
  });
}
