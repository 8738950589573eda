import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

/** The listings of the guide, each with the file that it is for. */
function listings(): (readonly [file: string, text: string])[] {
  const guide = readFileSync(join(ROOT, "CONTRIBUTING.md"), "utf8");
  const found = guide.matchAll(/\b[Ww]rite `([\w/.-]+\.ts)`:\n+```ts\n(.*?)^```$/gms);
  return [...found].map(([, file = "", text = ""]) => [file, text]);
}

it("the sender, test and settings in CONTRIBUTING compile with the present source", () => {
  const folder = mkdtempSync(join(ROOT, "node_modules/.guide-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [file, text] of listings()) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  for (const used of ["src/core", "src/config/formats", "src/config/setting.ts"]) {
    symlinkSync(join(ROOT, used), join(folder, used));
  }
  const files = listings().map(([file]) => file);
  expect(files).toEqual([
    "src/adapters/postbox/sender.ts",
    "test/adapters/postbox/sender.test.ts",
    "src/config/parts/postbox.ts",
  ]);
  const config = { extends: join(ROOT, "tsconfig.json"), include: files };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(ROOT, "node_modules/.bin/tsc");
  const { status, stdout } = spawnSync(tsc, ["--noEmit", "-p", folder], { encoding: "utf8" });
  expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
});

/** The changes of the guide, each with its file, and its lines before and after. */
function changes(): (readonly [file: string, before: string, after: string])[] {
  const guide = readFileSync(join(ROOT, "CONTRIBUTING.md"), "utf8");
  const sections = guide.matchAll(/^In `([\w/.-]+)`[^\n]*\n((?:\n```diff\n.*?^```\n)+)/gms);
  return [...sections].flatMap(([, file = "", section = ""]) =>
    [...section.matchAll(/^```diff\n(.*?)^```$/gms)].map(([, diff = ""]) => {
      const without = (sign: string) =>
        diff.replace(new RegExp(`^\\${sign}.*\\n`, "gm"), "").replace(/^./gm, "");
      return [file, without("+"), without("-")] as const;
    }),
  );
}

it.each(changes())("a change of %s in CONTRIBUTING fits the file, or was made", (file, before, after) => {
  const text = readFileSync(join(ROOT, file), "utf8");
  expect(text).toContain(text.includes(after) ? after : before);
});

it("CONTRIBUTING has the changes for all places that name a sender", () => {
  expect(changes()).toHaveLength(9);
  expect(new Set(changes().map(([file]) => file)).size).toBe(6);
});
