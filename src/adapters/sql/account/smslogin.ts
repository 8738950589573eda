import { UnavailableError } from "../../../core/refusals.ts";
import type { SmsLoginRow } from "../../../core/transfer/smslogin.ts";
import { createConnector, type MysqlConnection, type MysqlServer } from "../mysql/connection.ts";

export interface SmsLoginTable {
  readonly server: MysqlServer;
  /** Letters, digits, `_` and `$`, 64 at most. */
  readonly table: string;
}

const PAGE = 1_000;
const TIMES = { connectTimeoutMs: 5_000, statementTimeoutMs: 60_000, lockWaitSeconds: 5 };
const TABLE = /^[\w$]{1,64}$/;
const COLUMNS = ["userId", "phone", "name", "avatar", "time"] as const;

/** The demo's table, open for reading. */
export interface SmsLoginSource {
  count(): Promise<number>;
  /**
   * All rows in the order of their ids. They are read a page at a time, and nothing stays open on the server while the
   * caller works on a page.
   */
  rows(): AsyncGenerator<SmsLoginRow>;
  close(): void;
}

/**
 * Opens the demo's table read-only. Rejects with `UnavailableError` if the server cannot be reached or refuses, and
 * with an error in one sentence if the table is missing or its columns are not the demo's.
 */
export async function openSmsLogin({ server, table }: SmsLoginTable): Promise<SmsLoginSource> {
  if (!TABLE.test(table)) throw new Error("the table's name may have letters, digits, _ and $ alone");
  const connection = await translated(async () => await (await createConnector(server, TIMES))());
  await translated(() => connection.run("set session transaction read only"));
  await translated(() => connection.run("set session time_zone = '+00:00'"));
  return {
    async count() {
      const rows = await translated(() => connection.run(`select count(*) as count from \`${table}\``));
      return Number((rows as { count?: unknown }[])[0]?.count);
    },
    rows: () => pagesOf(connection, table),
    close: () => connection.end(),
  };
}

async function* pagesOf(connection: MysqlConnection, table: string): AsyncGenerator<SmsLoginRow> {
  const texts = COLUMNS.map((column) => `cast(\`${column}\` as char) as \`${column}\``).join(", ");
  let where = "";
  for (;;) {
    const sql = `select ${texts} from \`${table}\`${where} order by \`${table}\`.\`userId\` limit ${PAGE}`;
    const page = (await translated(() => connection.run(sql))) as unknown[] as SmsLoginRow[];
    yield* page;
    if (page.length < PAGE) return;
    where = ` where \`userId\` > ${wholeNumber(page.at(-1)?.userId)}`;
  }
}

function wholeNumber(id: string | null | undefined): string {
  if (!id || !/^-?\d{1,20}$/.test(id))
    throw new Error("the column userId has something else than whole numbers");
  return id;
}

/** The server names a table or a column in what it says, never a row. */
async function translated<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof UnavailableError) {
      throw new UnavailableError("the database to import from", { cause: error.cause });
    }
    throw new Error(sentenceOf(error), { cause: error });
  }
}

function sentenceOf(error: unknown): string {
  const errno = error instanceof Error && "errno" in error ? error.errno : undefined;
  if (errno === 1146) return "the database to import from has no table of this name";
  if (errno === 1054) return `the table to import from lacks one of the columns ${COLUMNS.join(", ")}`;
  return "the database to import from could not be read";
}
