import type { Connection, PrepareStatementInfo, QueryError, QueryResult } from "mysql2";
import type { Bindable } from "./values.ts";

/** What mysql2 keeps of a statement for as long as its connection lives; not all of it is in its types. */
interface Prepared extends PrepareStatementInfo {
  columns?: readonly unknown[];
  parameters?: readonly ParameterType[];
}

/** What mysql2 binds a value by. */
interface ParameterType {
  readonly columnType: number;
  readonly flags: number;
}

/** Runs a statement with values. It is prepared once for each text and connection. */
export function runPrepared(
  client: Connection,
  sql: string,
  values: readonly Bindable[],
  done: (error: QueryError | null, result: QueryResult) => void,
): void {
  client.prepare(sql, (error, statement) => {
    if (error) return done(error, []);
    keepTypes(statement);
    statement.execute([...values], done);
  });
}

const NONE: readonly unknown[] = [];
/** There are few different ones, so all statements have the same objects. */
const types = new Map<string, ParameterType>();

/**
 * Lets go of all that the server said of a statement but the types of its parameters. With statements of many rows that
 * is a quarter of the heap under load: of each value of each row its names, its length and the packet that told of it.
 */
function keepTypes(statement: Prepared): void {
  if (!statement.parameters || statement.columns === NONE) return;
  statement.columns = NONE;
  statement.parameters = statement.parameters.map(({ columnType, flags }) => {
    const type = types.get(`${columnType} ${flags}`) ?? { columnType, flags };
    types.set(`${columnType} ${flags}`, type);
    return type;
  });
}
