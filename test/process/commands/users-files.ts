import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { lineOf } from "../../transfer/support.ts";

/** This many users, each as a line of an export. */
export const many = (count: number) => Array.from({ length: count }, (_, n) => lineOf(n)).join("");

/** Writes a file into that folder; returns its name, to import it by. */
export function fileIn(folder: string, text: string, name = "users.ndjson"): string {
  writeFileSync(join(folder, name), text);
  return name;
}
