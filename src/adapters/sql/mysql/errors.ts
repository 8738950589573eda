import { UnavailableError } from "../../../core/refusals.ts";

/** Lost a lock to another transaction (1213), or waited too long for one (1205). Nothing of it was done. */
const CONFLICTS = new Set([1205, 1213]);

/** Caused by the server's surroundings and not by us: it passes, or an operator mends it. */
const UNAVAILABLE = new Set([
  ...CONFLICTS,
  // Too many connections, of the server's or of this user.
  1040,
  1203,
  1226,
  1129,
  // The server stops, or ended our connection or statement.
  1053,
  1077,
  1079,
  1152,
  1158,
  1159,
  1160,
  1161,
  1184,
  1317,
  1927,
  1969,
  3024,
  4031,
  // The disk or the memory is full, or broken.
  1021,
  1026,
  1030,
  1037,
  1038,
  1041,
  1114,
  1180,
  1206,
  1461,
  1637,
  // The server may be read only: a replica, in the middle of a failover.
  1047,
  1290,
  1792,
  1836,
  3032,
]);

const NETWORK =
  /^(E(CONN\w+|TIMEDOUT|PIPE|HOSTUNREACH|HOSTDOWN|NETUNREACH|NETDOWN|ADDRNOTAVAIL|NOTFOUND|AI_\w+|NOENT|ACCES|MFILE|NFILE)|PROTOCOL_\w+)$/;

/** What an operator has to correct, in a sentence for the terminal. It contains no value of a setting. */
const OPERATORS: Readonly<Record<number, string>> = {
  1044: "the database's user may not use this database, or there is none of this name",
  1045: "the server refused the user or the password",
  1049: "the server has no database of this name",
  1130: "the server does not let this host connect",
  1142: "the database's user lacks a right on a table",
  1143: "the database's user lacks a right on a column",
  1227: "the database's user lacks a right",
  1251: "the server and this client have no way to prove a password in common",
  1370: "the database's user lacks a right",
  1698: "the server refused the user or the password",
  1820: "the password has expired",
  1862: "the password has expired",
  3118: "the database's user is locked",
  3159: "the server takes encrypted connections only; add ssl=true to DATABASE_URL",
  4151: "the database's user is locked",
};

interface ServerError {
  readonly errno: number;
  readonly code: string;
  readonly message: string;
  /** The connection is no longer usable. */
  readonly fatal: boolean;
}

/** `UnavailableError` for every error that the database's surroundings caused. Our own mistakes stay as they are. */
export function asFault(error: unknown): unknown {
  const { errno, code, message, fatal } = read(error);
  const sentence = OPERATORS[errno] ?? certificateProblem(code, message);
  if (sentence) return unavailable(new Error(withRight(sentence, message), { cause: error }));
  const isAway = UNAVAILABLE.has(errno) || NETWORK.test(code) || fatal;
  return isAway ? unavailable(error) : error;
}

export function unavailable(cause: unknown): UnavailableError {
  return cause instanceof UnavailableError ? cause : new UnavailableError("the database", { cause });
}

/** Whether the transaction, or the single statement, was undone because of others and may be run again. */
export function isConflict(error: unknown): boolean {
  return CONFLICTS.has(read(error instanceof UnavailableError ? error.cause : error).errno);
}

/** Whether a row with this key is there already. */
export function isDuplicate(error: unknown): boolean {
  return read(error).errno === 1062;
}

/** Whether the statement failed because what it makes exists already, or what it removes is gone. */
export function isDoneBefore(error: unknown): boolean {
  return [1050, 1060, 1061, 1091].includes(read(error).errno);
}

/**
 * Whether the connection is useless: it is lost or about to be, or its server has become a replica. A new connection
 * may lead to the new primary.
 */
export function endsConnection(error: unknown): boolean {
  const { errno, fatal } = read(error);
  return fatal || [1053, 1290, 1792, 1836, 1927, 3032, 4031].includes(errno);
}

function certificateProblem(code: string, message: string): string | undefined {
  if (code === "HANDSHAKE_NO_SSL_SUPPORT")
    return "ssl=true is set, and the server has no encrypted connections";
  return code === "HANDSHAKE_SSL_ERROR" ? `the server's certificate is not good: ${message}` : undefined;
}

/** `CREATE command denied to user …`: names the right, and not the user. */
function withRight(sentence: string, message: string): string {
  const right = /^([A-Z, ]+) command denied/.exec(message)?.[1];
  return right ? `${sentence}: ${right}` : sentence;
}

function read(error: unknown): ServerError {
  const found: Partial<Record<keyof ServerError, unknown>> = error instanceof Error ? { ...error } : {};
  return {
    errno: typeof found.errno === "number" ? found.errno : 0,
    code: typeof found.code === "string" ? found.code : "",
    message: error instanceof Error ? error.message : "",
    fatal: found.fatal === true,
  };
}
