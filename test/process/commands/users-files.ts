import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { lineOf } from "../../transfer/support.ts";

/** So many users, each a line of an export. */
export const many = (count: number) => Array.from({ length: count }, (_, n) => lineOf(n)).join("");

/** Its name, to import it by in that folder. */
export function fileIn(folder: string, text: string, name = "users.ndjson"): string {
  writeFileSync(join(folder, name), text);
  return name;
}
