import { UnavailableError } from "../../../core/refusals.ts";

/** Primary result codes of SQLite: another process has the file locked. */
const BUSY = { BUSY: 5, LOCKED: 6 };

/** What the file's surroundings did, and not we. */
const UNREACHABLE = {
  ...BUSY,
  PERM: 3,
  NOMEM: 7,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  PROTOCOL: 15,
  NOLFS: 22,
  AUTH: 23,
  NOTADB: 26,
};

/** `UnavailableError` for every error that the database's surroundings caused. Our own mistakes stay as they are. */
export function asFault(error: unknown): unknown {
  return isOneOf(UNREACHABLE, error) ? new UnavailableError("the database", { cause: error }) : error;
}

/** Whether another process has the file locked. */
export function isBusy(error: unknown): boolean {
  return isOneOf(BUSY, error);
}

/** By number: libsql has no name for some of SQLite's extended codes. Their last eight bits are the primary one. */
function isOneOf(codes: Readonly<Record<string, number>>, error: unknown): boolean {
  const code = error instanceof Error && "rawCode" in error ? Number(error.rawCode) & 0xff : 0;
  return Object.values(codes).includes(code);
}
