import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { findBreaches, type Sources } from "./support/architecture.ts";

const ROOT = join(import.meta.dirname, "..");

function readSources(): Sources {
  const folders = ["src", "web", "scripts", "bin", "test", "bench", "examples"];
  const files = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)),
  );
  const code = files.filter((file) => /\.(ts|tsx|js|css)$/.test(file) && !file.includes("node_modules"));
  return new Map(code.map((file) => [file, readFileSync(join(ROOT, file), "utf8")]));
}

function breaches(files: Record<string, string>): string[] {
  return findBreaches(new Map(Object.entries(files))).map(({ file, rule }) => `${file}: ${rule}`);
}

it("the source follows the rules of the design", () => {
  const sources = readSources();
  expect(sources.size).toBeGreaterThan(20);
  expect(findBreaches(sources)).toStrictEqual([]);
});

const IMPORTS: readonly (readonly [file: string, module: string, rule: string])[] = [
  ["src/core/account/x.ts", "../../adapters/sql/users.ts", "core may not import adapters/sql"],
  ["src/core/account/x.ts", "../../http/app.ts", "core may not import http"],
  ["src/core/account/x.ts", "../../config.ts", "core may not import config"],
  ["src/core/account/x.ts", "../../compose.ts", "core may not import compose"],
  ["src/core/x.ts", "node:fs/promises", "core may not use node:fs/promises"],
  ["src/core/x.ts", "node:crypto", "core may not use node:crypto"],
  ["src/core/x.ts", "hono/jsx", "core may not use hono/jsx"],
  ["src/core/x.ts", "zod", "core may not use zod"],
  ["src/adapters/sql/x.ts", "../redis/client.ts", "adapters/sql may not import adapters/redis"],
  ["src/adapters/sql/deep/x.ts", "../../redis/client.ts", "adapters/sql may not import adapters/redis"],
  ["src/adapters/sql/x.ts", "../../config/limits.ts", "adapters/sql may not import config"],
  ["src/adapters/sql/x.ts", "@hono/node-server", "adapters may not use @hono/node-server"],
  ["src/http/api/x.ts", "../../adapters/system/clock.ts", "http may not import adapters/system"],
  ["src/http/api/x.ts", "../../compose.ts", "http may not import compose"],
  ["src/http/api/x.ts", "kysely", "http may not use kysely"],
  ["src/http/api/x.ts", "node:timers/promises", "http may not use node:timers/promises"],
  ["src/cli/x.ts", "../adapters/sql/x.ts", "cli may not import adapters/sql"],
  ["src/cli/x.ts", "../http/app.ts", "cli may not import http"],
  ["src/config.ts", "./adapters/sql/x.ts", "config may not import adapters/sql"],
  ["src/compose.ts", "./main/server.ts", "compose may not import main"],
  ["src/compose.ts", "./cli/main.ts", "compose may not import cli"],
  ["src/main/x.ts", "../http/app.ts", "main may not import http"],
  ["src/main/x.ts", "../core/phone.ts", "main may not import core"],
  ["src/helpers/x.ts", "./y.ts", "src/helpers is no part of the design"],
];

it.each(IMPORTS)("the check finds that %s imports %s", (file, module, rule) => {
  const ways = [
    `import { a } from "${module}";`,
    `import type { A } from "${module}";`,
    `import "${module}";`,
    `export { a } from "${module}";`,
    `export * from "${module}";`,
    `const a = await import("${module}");`,
    `type A = import("${module}").A;`,
  ];
  for (const way of ways)
    expect(breaches({ [file]: way }), way).toStrictEqual([expect.stringContaining(rule)]);
  expect(breaches({ [file]: `// ${ways[0]}\nconst text = '${ways[0]}';` })).toStrictEqual([]);
});

const EFFECTS: readonly (readonly [code: string, effect: string])[] = [
  ["const now = Date.now();", "Date.now"],
  ["const read = Date.now;", "Date.now"],
  ["const now = new Date();", "new Date()"],
  ["const now = Date();", "Date()"],
  ["const chance = Math.random();", "Math.random"],
  ["const { random } = Math;", "Math.random"],
  ["setTimeout(() => {}, 1);", "setTimeout"],
  ["const id = crypto.randomUUID();", "crypto.randomUUID"],
  ["const now = performance.now();", "performance.now"],
  ["process.exit(1);", "process.exit"],
  ["globalThis.setTimeout(() => {}, 1);", "globalThis.setTimeout"],
];

it.each(EFFECTS)("the check finds %s in core and in http", (code, effect) => {
  const files = { "src/core/x.ts": code, "src/http/x.tsx": code };
  expect(breaches(files)).toStrictEqual(
    Object.keys(files).map((file) => `${file}: ${effect} belongs behind a port`),
  );
});

it.each(["process.env.PORT", 'process["env"]', "const { env } = process"])(
  "the check finds %s outside of src/config.ts",
  (code) => {
    const rule = "only src/config.ts reads process.env";
    for (const file of ["src/core/x.ts", "src/adapters/sql/x.ts", "src/cli/x.ts", "src/config/x.ts"]) {
      expect(breaches({ [file]: code })).toStrictEqual([`${file}: ${rule}`]);
    }
    expect(breaches({ "src/config.ts": code })).toStrictEqual([]);
  },
);

it("the check finds Math.random even in adapters", () => {
  expect(breaches({ "src/adapters/system/x.ts": "Math.random();" })).toHaveLength(1);
});

it("the check finds a file of more than 300 lines", () => {
  expect(breaches({ "web/x.ts": "\n".repeat(301) })).toStrictEqual(["web/x.ts: 301 lines, 300 is the most"]);
  expect(breaches({ "web/x.ts": "\n".repeat(300) })).toStrictEqual([]);
});

it("the check finds a cycle between folders of core once, however many folders it has", () => {
  const files = {
    "src/core/a/x.ts": 'import "../b/x.ts";',
    "src/core/b/x.ts": 'import "../c/x.ts";',
    "src/core/c/x.ts": 'export { a } from "../a/y.ts";',
    "src/core/d/x.ts": 'import "../a/x.ts";',
    "src/core/facade.ts": 'import "./a/x.ts"; import "./phone.ts";',
    "src/core/c/z.ts": 'import "../phone.ts";',
  };
  const cycle = "a cycle of folders: src/core/a → src/core/b → src/core/c → src/core/a";
  const rule = `${cycle} (src/core/a/x.ts, src/core/b/x.ts, src/core/c/x.ts)`;
  expect(breaches(files)).toStrictEqual([`src/core/a/x.ts: ${rule}`]);
});

it("the check accepts what the design allows", () => {
  const files = {
    "src/core/account/x.ts":
      'import "../phone.ts"; import "../session/x.ts"; const at = new Date(5).toISOString();',
    "src/core/session/ports.ts": 'import type { User } from "../account/ports.ts";',
    "src/core/secrets.ts": 'import { createHmac } from "node:crypto";',
    "src/core/phone.ts": 'import { parse } from "libphonenumber-js/max";',
    "src/adapters/sql/x.ts": 'import "../../core/phone.ts"; import "./y.ts"; import "kysely"; Date.now();',
    "src/http/app.ts": 'import "../core/phone.ts"; import "./api/x.ts"; import "hono";',
    "src/compose.ts": 'import "./adapters/sql/x.ts"; import "./http/app.ts"; import "./config.ts";',
    "src/cli/serve.ts": 'import "../compose.ts"; import "../config.ts"; import "commander"; process.exit(0);',
    "src/main/server.ts": 'import "../compose.ts"; import "../cli/serve.ts"; setTimeout(() => {}, 1);',
  };
  expect(breaches(files)).toStrictEqual([]);
});
