import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Kysely } from "kysely";
import Libsql from "libsql";
import { UnavailableError } from "../../../core/refusals.ts";
import { type SqlDatabase, writeNothing } from "../database.ts";
import { sqliteGrammar } from "../statements/grammar.ts";
import type { Schema } from "../tables/schema.ts";
import { type Commits, createCommits } from "./commits.ts";
import { sqliteDialect } from "./driver.ts";
import { asFault } from "./errors.ts";
import { retryWhileBusy } from "./retry.ts";
import { createStatements } from "./statements.ts";
import { createSteps } from "./steps.ts";

export interface SqliteOptions {
  /** How long a statement may wait for another process, before it rejects with `UnavailableError`. Default 5000. */
  readonly busyTimeoutMs?: number;
  /** Sees the text of every statement, never its values. */
  readonly onStatement?: (sql: string) => void;
}

const MEMORY = ":memory:";
const BUSY_TIMEOUT_MS = 5000;

/**
 * Opens the database of a `DATABASE_URL`. Makes its folder and file (mode 0600) if they are missing. It does not
 * migrate.
 *
 * @param url `sqlite:./path`, or `:memory:` for one that ends with the process
 * @throws UnavailableError if it cannot be opened
 */
export async function openSqlite(
  url: string,
  { busyTimeoutMs = BUSY_TIMEOUT_MS, onStatement }: SqliteOptions = {},
): Promise<SqlDatabase> {
  const path = pathOf(url);
  const libsql = await connect(path, busyTimeoutMs);
  const commits = createCommits(libsql, busyTimeoutMs, retryWhileBusy, createPlaceCheck(path));
  const statements = createStatements(libsql);
  const dialect = sqliteDialect(statements, commits, onStatement);
  const db = new Kysely<Schema>({ dialect, plugins: [sqliteGrammar] });
  return {
    db,
    transaction: (body) => db.transaction().execute(body),
    steps: createSteps(commits, statements, onStatement),
    exclusive: (body) => db.transaction().execute((trx) => body(trx, trx)),
    backup: async (label) => backup(path, label),
    ping: () => writeNothing(db),
    close: () => close(db, libsql, commits),
  };
}

function pathOf(url: string): string {
  const path = url.replace(/^sqlite:/, "");
  return path === MEMORY ? path : resolve(path);
}

async function connect(path: string, busyTimeoutMs: number): Promise<Libsql.Database> {
  try {
    if (path !== MEMORY) createFile(path);
    const libsql = new Libsql(path);
    // Changing to WAL needs exclusive use of the file, and several processes may start at once.
    await retryWhileBusy(() => libsql.pragma("journal_mode = WAL"), performance.now() + busyTimeoutMs);
    libsql.pragma("synchronous = FULL");
    return libsql;
  } catch (error) {
    throw new UnavailableError("the database", { cause: error });
  }
}

/**
 * SQLite gives its side files the mode of the file itself.
 *
 * An existing file is left alone. POSIX drops all locks of a process on a file when the process closes any of its
 * descriptors, and a connection of this process, closed or not, may hold some. The next program to close the file would
 * then take itself for the last one and remove the write-ahead log that this process goes on writing to.
 */
function createFile(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  closeSync(openSync(path, "a", 0o600));
}

/**
 * Throws if the path no longer leads to the file that is open. Data written to a moved or deleted file is lost with
 * this process, and a file that took its place does not contain it.
 */
function createPlaceCheck(path: string): () => void {
  if (path === MEMORY) return () => {};
  const opened = inodeOf(path);
  return () => {
    if (inodeOf(path) === opened) return;
    const sentence = "its file was moved, deleted or replaced: put it back, or start Phonekey again";
    throw new UnavailableError("the database", { cause: new Error(sentence) });
  };
}

function inodeOf(path: string): bigint | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
  } catch (error) {
    throw new UnavailableError("the database", { cause: error });
  }
}

/** Does not use `recursive`, with which Node.js 20 tries for ever if a folder cannot be made, as below `/proc`. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Several processes may start at once.
    if (!existsSync(path)) throw error;
  }
}

/**
 * Uses a connection of its own: it reads committed data, even while a migration holds the write lock. The copy gets its
 * name only when it is complete, so that nobody takes a partial copy for a backup.
 */
function backup(path: string, label: string): string | undefined {
  if (path === MEMORY) return undefined;
  const copy = `${path}.${label}.bak`;
  const partial = `${copy}.partial`;
  rmSync(partial, { force: true });
  createFile(partial);
  const libsql = new Libsql(path);
  try {
    libsql.prepare("VACUUM INTO ?").run(partial);
    renameSync(partial, copy);
  } catch (error) {
    rmSync(partial, { force: true });
    throw asFault(error);
  } finally {
    libsql.close();
  }
  return copy;
}

/** Closes after running work. The main file alone is complete then. */
async function close(db: Kysely<Schema>, libsql: Libsql.Database, commits: Commits): Promise<void> {
  if (!libsql.open) return;
  await commits.alone(() => {
    if (!libsql.open) return;
    try {
      libsql.pragma("wal_checkpoint(TRUNCATE)");
    } finally {
      libsql.close();
    }
  });
  await db.destroy();
}
