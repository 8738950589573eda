import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bad, type Format, good, split } from "./formats.ts";

const SHORTEST_BYTES = 32;
const FEWEST_DIFFERENT_CHARACTERS = 8;
const PLACEHOLDER =
  /change.?(me|this|it)|replace.?(me|this|with)|place.?holder|example|your.?(own|secret|key)|insert.?(your|here)|pass.?word|super.?secret/i;

/** What is wrong with one secret, or undefined. Short, empty and placeholder keys must never start (T26, T54). */
function weakness(secret: string): string | undefined {
  if (Buffer.byteLength(secret) < SHORTEST_BYTES) return `is shorter than ${SHORTEST_BYTES} bytes`;
  if (/^[\da-f]+$/i.test(secret) && secret.length < 2 * SHORTEST_BYTES) {
    return `is shorter than ${SHORTEST_BYTES} bytes: in hexadecimal these are ${2 * SHORTEST_BYTES} digits`;
  }
  if (PLACEHOLDER.test(secret)) return "is a placeholder";
  if (repeats(secret)) return "repeats itself; a secret must be random";
  return undefined;
}

function repeats(secret: string): boolean {
  // A text that is one unit over and over is found again inside its own doubling, before the end.
  return (
    new Set(secret).size < FEWEST_DIFFERENT_CHARACTERS || (secret + secret).indexOf(secret, 1) < secret.length
  );
}

/** One or more secrets, the current one first. Each is used as it is written. */
export const secretList: Format<readonly string[]> = {
  expects: `random texts of ${SHORTEST_BYTES} bytes or more (${2 * SHORTEST_BYTES} digits in hexadecimal), separated by commas`,
  read(text) {
    const secrets = split(text);
    for (const [index, secret] of secrets.entries()) {
      const problem = secrets.indexOf(secret) < index ? "is there twice" : weakness(secret);
      if (problem !== undefined) return bad(`secret ${index + 1} ${problem}`);
    }
    return secrets.length > 0 ? good(secrets) : bad("has no secret in it");
  },
};

/**
 * The text of `data/secret` under `folder`, which is created with a new random secret when it does not exist. Only the
 * owner can read the file. It has the form of `PHONEKEY_SECRETS`, so that secrets can be rotated in development too.
 * Throws the error of the file system when the file can neither be read nor created.
 */
export function developmentSecret(folder: string): string {
  const data = join(folder, "data");
  const path = join(data, "secret");
  return readIfThere(path) ?? create(data, path);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Written aside and then linked: of two processes that start at once one wins, and no crash leaves half a secret. */
function create(data: string, path: string): string {
  const aside = `${path}.${randomBytes(8).toString("hex")}`;
  makeFolder(data);
  try {
    writeFileSync(aside, `${randomBytes(32).toString("base64url")}\n`, {
      mode: 0o600,
      flag: "wx",
      flush: true,
    });
    linkSync(aside, path);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
  return readFileSync(path, "utf8").trim();
}

/** In a folder that is there. Not by `recursive`, with which Node.js 20 tries for ever where a folder takes none, as `/proc`. */
function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
