import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync } from "vite";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");

/** An unbounded repetition of a group that contains an unbounded repetition: such a pattern may take exponential time. */
const REPEATS_TWICE = /\([^()]*(?:[+*]|\{\d+,\})[^()]*\)(?:[+*]|\{\d+,\})/;

/** In these each repetition begins with what the one before cannot end with, so a text can be read in one way only. */
const LOOKED_AT = [
  "src/adapters/system/log.ts: [A-Za-z0-9_-]{32,}(\\.[A-Za-z0-9_-]+)*",
  "src/config/formats/tencent.ts: ^[^【】[\\]\\p{C}\\p{Z}]+( [^【】[\\]\\p{C}\\p{Z}]+)*$",
  "src/http/pages/account/confirm.ts: ^\\/account(?:\\/[a-z][a-z-]*)*$",
  "src/http/scf/own-host.ts: ^(\\d+)-[a-z0-9]+(\\.in)?\\.[a-z]+(-[a-z0-9]+)+(\\.in)?\\.tencentscf\\.com$",
  "web/code-field.ts: [0-9]+(?:[ \\p{Pd}]+[0-9]+)*",
  "web/code-field.ts: [0-9]+(?:[./-][0-9]+)*",
];

/** The patterns of all regular expressions in a program. */
function patternsOf(file: string, text: string): string[] {
  return within(parseSync(file, text).program);
}

function within(node: object): string[] {
  if ("regex" in node) return [(node.regex as { pattern: string }).pattern];
  return Object.values(node).flatMap((part) => (typeof part === "object" && part ? within(part) : []));
}

/** Whether a pattern repeats twice, with each escape and class taken for one character. */
function repeatsTwice(pattern: string): boolean {
  return REPEATS_TWICE.test(pattern.replaceAll(/\\./g, "x").replaceAll(/\[[^\]]*\]/g, "x"));
}

it("no regular expression repeats what repeats, except those that were checked (T45)", () => {
  expect(patternsOf("a.ts", "const word = /^(\\w+\\s?)*$/;").filter(repeatsTwice)).toHaveLength(1);
  const files = ["src", "web"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { encoding: "utf8", recursive: true })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => `${folder}/${name.replaceAll("\\", "/")}`),
  );
  const found = files.flatMap((file) =>
    patternsOf(file, readFileSync(join(ROOT, file), "utf8"))
      .filter(repeatsTwice)
      .map((pattern) => `${file}: ${pattern}`),
  );
  expect(found.sort()).toStrictEqual(LOOKED_AT);
});
