import { join } from "node:path";
import Libsql from "libsql";
import { earlier } from "../support/limit-journal.ts";
import type { RunningServer } from "../support/server.ts";

type Row = Readonly<Record<string, string | number | null>>;

/** The rows of a statement on a server's database file, which may be in use by it. */
export function rowsOf(folder: string, statement: string, ...values: readonly (string | number)[]): Row[] {
  return withFile(folder, (file) => file.prepare(statement).all(...values) as Row[]);
}

/** The one number that a statement asks for. */
export function numberOf(folder: string, statement: string, ...values: readonly (string | number)[]): number {
  return Number(Object.values(rowsOf(folder, statement, ...values)[0] ?? {})[0]);
}

/** Changes the database file of a server that does not run. */
export function change(folder: string, ...statements: readonly string[]): void {
  withFile(folder, (file) => {
    for (const statement of statements) file.exec(statement);
  });
}

/** Makes all rows older, as if that much time had passed while the server was down. */
export function letTimePass(folder: string, ms: number): void {
  change(
    folder,
    `UPDATE messages SET created_at = created_at - ${ms}`,
    `UPDATE limit_journal SET at = at - ${ms}, matters_until = matters_until - ${ms}`,
    `UPDATE verifications SET created_at = created_at - ${ms}, expires_at = expires_at - ${ms}, resend_at = resend_at - ${ms}`,
    `UPDATE keys SET active_from = active_from - ${ms} WHERE active_from > 0`,
  );
  withFile(folder, (file) => {
    const written = file.prepare("UPDATE limit_journal SET entry = ? WHERE id = ?");
    const rows = file.prepare("SELECT id, entry FROM limit_journal").all() as { id: number; entry: string }[];
    for (const { id, entry } of rows) written.run(earlier(entry, ms), id);
  });
}

export function databaseFile(folder: RunningServer["folder"]): string {
  return join(folder, "data", "phonekey.db");
}

function withFile<T>(folder: string, use: (file: Libsql.Database) => T): T {
  const file = new Libsql(databaseFile(folder), { timeout: 5_000 });
  try {
    return use(file);
  } finally {
    file.close();
  }
}
