import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The file of the development secret, below the folder that the server runs in. */
export const SECRET_FILE = "data/secret";

/**
 * The text of `data/secret` under `folder`. If the file does not exist, it is created with a new random secret. Only
 * the owner can read it. It has the form of `PHONEKEY_SECRETS`, so that secrets can be rotated in development too.
 * Throws the error of the file system if the file can neither be read nor created.
 */
export function developmentSecret(folder: string): string {
  return keptSecret(folder) ?? create(folder);
}

/** The text of `data/secret` under `folder`; undefined if the file does not exist. Throws as `developmentSecret` does. */
export function keptSecret(folder: string): string | undefined {
  return readIfThere(pathIn(folder));
}

function pathIn(folder: string): string {
  return join(folder, SECRET_FILE);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/**
 * Writes the file aside and then links it. So of two processes that start at once one wins, and no crash leaves half a
 * secret.
 */
function create(folder: string): string {
  const path = pathIn(folder);
  const aside = `${path}.${randomBytes(8).toString("hex")}`;
  makeFolder(dirname(path));
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

/**
 * Inside an existing folder. It does not use `recursive`, with which Node.js 20 tries for ever if a folder cannot be
 * made, as below `/proc`.
 */
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
