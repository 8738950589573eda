import { createRequire } from "node:module";

// An older CommonJS package: tools do not agree on what its default import is.
const { default: Parser }: typeof import("ts-mysql-parser") = createRequire(import.meta.url)(
  "ts-mysql-parser",
);

const parser = new Parser({ version: "5.7.44" });

/** What the grammar of MySQL 5.7 says against this statement; undefined if it is valid. */
export function refusedByMysql57(statement: string): string | undefined {
  const { lexerError, parserError } = parser.parse(statement);
  const error = lexerError ?? parserError;
  return error && `${statement}: ${error.message}`;
}
