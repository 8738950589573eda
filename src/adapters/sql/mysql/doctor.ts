import { sql } from "kysely";
import { fine, wrong } from "../../../core/maintenance/doctor.ts";
import type { Finding } from "../../../core/maintenance/ports.ts";
import type { SqlDatabase } from "../database.ts";

/** Whether connections are encrypted if `DATABASE_URL` asks for it. */
export async function checkEncryption(
  { db }: SqlDatabase,
  { isWanted, isLocal }: { readonly isWanted: boolean; readonly isLocal: boolean },
): Promise<readonly Finding[]> {
  const name = "database, encryption";
  const { rows } = await sql<{ Value: string }>`show session status like 'Ssl_cipher'`.execute(db);
  const cipher = rows[0]?.Value;
  if (cipher) return [fine(name, `TLS (${cipher}), with the server's certificate verified`)];
  if (isWanted) return [wrong(name, "the connection is not encrypted, though DATABASE_URL asks for it")];
  const needed = isLocal ? "none is needed" : "add ssl=true to DATABASE_URL unless the network is your own";
  return [fine(name, `none; ${needed}`)];
}

/** Whether every table holds any text, and tells ids apart that differ in upper and lower case alone. */
export async function checkCharset({ db }: SqlDatabase): Promise<readonly Finding[]> {
  const { rows } = await sql<{ tbl: string; coll: string }>`
    select table_name as tbl, table_collation as coll from information_schema.tables
    where table_schema = database() and table_collation not like 'utf8mb4%bin' order by table_name`.execute(
    db,
  );
  if (rows.length === 0) return [fine("database, character set", "all tables are utf8mb4_bin")];
  return rows.map(({ tbl, coll }) =>
    wrong("database, character set", `the table ${tbl} is ${coll}`, {
      todo: `Run \`ALTER TABLE ${tbl} CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin\`.`,
    }),
  );
}
