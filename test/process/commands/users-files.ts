import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { phonekey, workingFolder } from "../../support/server.ts";
import { lineOf } from "../../transfer/support.ts";

/** So many users, each a line of an export. */
export const many = (count: number) => Array.from({ length: count }, (_, n) => lineOf(n)).join("");

/** A folder with a database that nobody is in. */
export async function migrated(): Promise<string> {
  const folder = workingFolder();
  expect((await phonekey(["migrate"], { folder })).code).toBe(0);
  return folder;
}

/** Its name, to import it by in that folder. */
export function fileIn(folder: string, text: string, name = "users.ndjson"): string {
  writeFileSync(join(folder, name), text);
  return name;
}
