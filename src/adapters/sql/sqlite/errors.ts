import { UnavailableError } from "../../../core/refusals.ts";

const UNREACHABLE =
  /^SQLITE_(BUSY|LOCKED|FULL|IOERR|CANTOPEN|READONLY|CORRUPT|NOTADB|NOMEM|PROTOCOL|PERM|AUTH|NOLFS)/;

/** `UnavailableError` for everything that the database's surroundings did; what is our own mistake stays as it is. */
export function asFault(error: unknown): unknown {
  return UNREACHABLE.test(codeOf(error)) ? new UnavailableError("the database", { cause: error }) : error;
}

/** Whether another process has the file locked. */
export function isBusy(error: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED)/.test(codeOf(error));
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "";
}
