import { resolve } from "node:path";
import { NoSecretError } from "../adapters/keyring/wrap.ts";
import { TencentError } from "../adapters/tencent/errors.ts";
import { explainTencent } from "../adapters/tencent/explain.ts";
import { SECRET_FILE } from "../config/development-secret.ts";
import { UnavailableError } from "../core/refusals.ts";

/** Why a part cannot be used, in a sentence for the person at the terminal: no stack, no value of a setting. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return "failed";
  if (error instanceof TencentError) return explainTencent(error);
  if (error instanceof NoSecretError) return noSecret();
  if (!(error instanceof UnavailableError)) return sentenceFor(BY_MESSAGE, error.message) ?? error.message;
  // Without a cause it is no fault: a retag is running, or lost counts are being counted anew.
  return error.cause === undefined ? error.message : `${error.message}: ${reasonOf(error.cause)}`;
}

/** Happens only in development: in production the settings are refused. */
function noSecret(): string {
  return `PHONEKEY_SECRETS is not set, and there is no ${resolve(SECRET_FILE)}; run this in the folder of the server`;
}

const BY_CODE: readonly (readonly [RegExp, string])[] = [
  [/^ECONNREFUSED$/, "nothing accepts connections at its address"],
  [/^(ENOTFOUND|EAI_\w+)$/, "its host name is not known"],
  [/^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/, "its address does not answer"],
  [/^(ECONNRESET|EPIPE)$/, "the connection was cut; perhaps one side expects TLS and the other does not"],
  [
    /^(ERR_SSL_WRONG_VERSION_NUMBER|EPROTO|ERR_SSL_PACKET_LENGTH_TOO_LONG)$/,
    "it does not speak TLS at that address",
  ],
  [/^(EACCES|EPERM|EROFS)$/, "this user may not write there"],
  [/^(ENOTDIR|ENOENT|EEXIST)$/, "its folder does not exist and cannot be made"],
  [/^EISDIR$/, "there is a folder where its file should be"],
  // SQLite reports the last of these if not even the first page of its log's index has room.
  [/^(ENOSPC|EDQUOT|SQLITE_FULL|SQLITE_IOERR_SHMSIZE)$/, "the disk is full"],
  [/^SQLITE_NOTADB/, "its file is not a database"],
  [/^SQLITE_CORRUPT/, "its file is damaged; move it, its -wal and its -shm away, and restore a backup"],
  [/^SQLITE_(READONLY|PERM|AUTH)/, "this user may not write its file or its folder"],
  [/^SQLITE_CANTOPEN/, "its file cannot be opened"],
  [/^SQLITE_(BUSY|LOCKED)/, "another process has it locked"],
];

const BY_MESSAGE: readonly (readonly [RegExp, string])[] = [
  [/^(WRONGPASS|ERR invalid password)/, "it refused the user or the password"],
  [
    /^(NOAUTH|ERR AUTH .*without any password)/,
    "it expects another password than the one in the URL, or none",
  ],
  [/^NOPERM|^ERR .*can't run this command/, "its user lacks a right"],
  [/^MOVED/, "it is a node of a cluster; write redis+cluster:// in its URL"],
  [/^(MISCONF|OOM|READONLY|NOREPLICAS)/, "it takes no writes"],
  [
    /^ConnectionFailed\("Unable to open .*: 14/,
    "its file cannot be opened; something else may be in its place",
  ],
  // If only its folder cannot be written, its code is one that the library has no name for.
  [/^attempt to write a readonly database/, "this user may not write its file or its folder"],
  [/cluster support disabled/, "it is no cluster; write redis:// in its URL"],
];

/** The library's own message is kept if we know none better. It comes without the password. */
function reasonOf(cause: unknown): string {
  const error = cause instanceof AggregateError ? (cause.errors[0] as unknown) : cause;
  if (!(error instanceof Error)) return "no answer";
  const code = codeOf(error);
  const sentence = sentenceFor(BY_CODE, code) ?? sentenceFor(BY_MESSAGE, error.message);
  if (sentence) return sentence;
  if (/CERT|ALTNAME|UNABLE_TO_|SELF_SIGNED/.test(code))
    return `its certificate is not good: ${error.message}`;
  return error.message || code || "no answer";
}

function sentenceFor(sentences: typeof BY_CODE, text: string): string | undefined {
  return sentences.find(([pattern]) => pattern.test(text))?.[1];
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}
