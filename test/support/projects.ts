import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** What a unit test does without: programs, sockets, databases, folders of its own, and waiting. */
const OUTSIDE =
  /from "(node:(child_process|https?|net|tls)|[./]+\/src\/(compose|adapters\/sql\/sqlite\/open)\.ts)"|\b(mkdtempSync|setTimeout)\b/;

/** Every test whose text, and that of all helpers under `test/` which it imports, names nothing of `OUTSIDE`. */
export function unitTests(): string[] {
  return readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.test\.tsx?$/.test(name))
    .map((name) => join(ROOT, "test", name))
    .filter((file) => [...withHelpers(file)].every((each) => !OUTSIDE.test(textOf(each))))
    .map((file) => relative(ROOT, file));
}

function withHelpers(file: string, found: Set<string> = new Set()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, path = ""] of textOf(file).matchAll(/from "(\.[^"]+\.tsx?)"/g)) {
    const helper = join(dirname(file), path);
    if (!relative(join(ROOT, "test"), helper).startsWith("..")) withHelpers(helper, found);
  }
  return found;
}

const texts = new Map<string, string>();

/** Without imports of types: nothing is run for them. */
function textOf(file: string): string {
  const text = texts.get(file) ?? readFileSync(file, "utf8").replace(/^import type [^;]*;$/gm, "");
  texts.set(file, text);
  return text;
}
