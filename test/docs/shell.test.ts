import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const PAGES = [
  "README.md",
  "README.zh-CN.md",
  "CONTRIBUTING.md",
  "examples/README.md",
  ...readdirSync("docs")
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/** Commands with a comment after them. A setting with a comment (`NAME=… # …`) is for a file, not for a shell. */
function commented(page: string): string[] {
  const blocks = readFileSync(page, "utf8").matchAll(/^ *```sh\n(.*?)^ *```$/gms);
  const lines = [...blocks].flatMap(([, block = ""]) => block.split("\n"));
  return lines.filter((line) => /^ *[^\s#'"].*\s# /.test(line) && !/^ *[A-Z_]+=\S+ +# /.test(line));
}

it.each(PAGES)("no command of %s has a comment after it, which zsh would take for arguments", (page) => {
  expect(commented(page)).toEqual([]);
});
