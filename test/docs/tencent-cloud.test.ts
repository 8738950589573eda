import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { doctorCommand } from "../../src/cli/doctor.ts";
import { tencentCommand } from "../../src/cli/tencent/tencent.ts";
import { importCommand } from "../../src/cli/users/import.ts";
import { settingsSchema } from "../../src/config/schema.ts";
import { ALERT_KINDS } from "../../src/core/alerts/kinds.ts";

const ROOT = join(import.meta.dirname, "../..");
const PAGES = ["docs/tencent-cloud.md", "docs/tencent-cloud.zh-CN.md"];
const COMMANDS = [doctorCommand(), importCommand(), tencentCommand()];
const SETTINGS = Object.keys(settingsSchema.shape);

/** Settings of other programs. */
const NOT_OURS = ["TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "NODE_ENV"];

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

const terraform = readdirSync(join(ROOT, "deploy/tencent"))
  .filter((name) => name.endsWith(".tf"))
  .map((name) => read(`deploy/tencent/${name}`))
  .join("\n");
const declared = (kind: "variable" | "output") =>
  [...terraform.matchAll(new RegExp(`^${kind} "(\\w+)"`, "gm"))].map(([, name]) => name);

/** The command that a line calls, and its options. */
function parse(line: string): { command: Command | undefined; options: string[] } {
  const words = line.replace(/#.*/, "").split(/\s+/);
  const find = (all: readonly Command[], at: number): Command | undefined => {
    const found = all.find((one) => one.name() === words[at]);
    return found && (find(found.commands, at + 1) ?? found);
  };
  return { command: find(COMMANDS, 0), options: words.filter((word) => word.startsWith("--")) };
}

describe.each(PAGES)("%s", (page) => {
  const text = read(page);

  it("names commands and options that exist", () => {
    const calls = [...text.matchAll(/npx phonekey ([^`\n&]+)/g)].map(([, call = ""]) => call.trim());
    expect(calls.length).toBeGreaterThan(12);
    for (const call of calls) {
      const { command, options } = parse(call);
      expect(command, call).toBeDefined();
      const known = command?.options.map(({ long }) => long) ?? [];
      expect(known, call).toEqual(expect.arrayContaining(options));
    }
  });

  it("names in its tables options that exist", () => {
    const known = COMMANDS.flatMap((one) => [one, ...one.commands]).flatMap(({ options }) => options);
    const named = [...text.matchAll(/`(--[a-z-]+)/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(8);
    expect(known.map(({ long }) => long)).toEqual(expect.arrayContaining(named));
  });

  it("names settings that exist", () => {
    const named = [...text.matchAll(/(?<![\w.])([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?![\w*])/g)].map(
      ([, name]) => name,
    );
    expect(named.length).toBeGreaterThan(15);
    const unknown = named.filter((name = "") => ![...SETTINGS, ...NOT_OURS].includes(name));
    expect([...new Set(unknown)]).toStrictEqual([]);
  });

  it("names variables and outputs that the Terraform module has", () => {
    const tables = [...text.matchAll(/^\| [^|]+ \| (`\w+`(?:, `\w+`)*) \|/gm)].flatMap(([, cell = ""]) =>
      [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name),
    );
    const example = /```hcl\n([\s\S]*?)```/.exec(text)?.[1] ?? "";
    const assigned = [...example.matchAll(/^(\w+) *=/gm)].map(([, name]) => name);
    expect(tables.length).toBeGreaterThan(20);
    expect(declared("variable")).toEqual(expect.arrayContaining([...tables, ...assigned]));
    const outputs = [...text.matchAll(/terraform output (?:-raw )?(\w+)/g)].map(([, name]) => name);
    expect(declared("output")).toEqual(expect.arrayContaining(outputs));
  });

  it("says what to do about every alert of a sender", () => {
    const kinds = Object.keys(ALERT_KINDS).filter((kind) => kind.startsWith("sms_"));
    expect(kinds.length).toBeGreaterThan(5);
    for (const kind of kinds) expect(text).toContain(`| \`${kind}\` |`);
  });

  it("has a heading for every step of the tutorial", () => {
    const headings = text.split("\n").filter((line) => line.startsWith("#"));
    for (const step of [1, 2, 3, 4, 5, 6, 7, 8, 9]) {
      expect(headings.join("\n")).toMatch(new RegExp(`^## .*?${step}(:|：| 步)`, "m"));
    }
  });
});

it("docs/tencent-cloud.md and its Chinese page have the same headings, commands and tables", () => {
  const shapeOf = (page: string) => {
    const lines = read(page).split("\n");
    const isShape = (line: string) => /^(#+ |\||```|npx |terraform |export |curl )/.test(line);
    return lines.filter(isShape).map((line) => {
      if (/^(npx|terraform|export|curl)/.test(line)) return line.replace(/#.*/, "").trim();
      return line.startsWith("|") ? `| ${line.split("|").length}` : line.replace(/^(#+|```\w*).*/, "$1");
    });
  };
  const [english, chinese] = PAGES.map(shapeOf);
  expect(chinese).toEqual(english);
});
