import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { readZip } from "../support/zip.ts";
import { PACKAGE, startEvent, unpackedPackage } from "./instance.ts";

const HANDLERS = ["index.js", "sms.js", "getUserInfo.js", "setNickname.js", "maintenance.js"];
const entries = () => new Map(readZip(readFileSync(PACKAGE)).map((entry) => [entry.path, entry]));

test("is small, and the same whenever it is made", async () => {
  const bytes = readFileSync(PACKAGE);
  expect(bytes.length).toBeLessThan(5_000_000);
  const script = join(import.meta.dirname, "../../scripts/build-scf.js");
  await promisify(execFile)(process.execPath, [script], { env: { ...process.env, TZ: "Asia/Shanghai" } });
  expect(readFileSync(PACKAGE).equals(bytes)).toBe(true);
});

test("has what the platform looks for at its root, and nothing native", () => {
  const files = entries();
  expect([...files.keys()]).toEqual(expect.arrayContaining([...HANDLERS, "scf_bootstrap", "server.js"]));
  expect([...files.keys()].filter((path) => /\.(node|wasm|so)$/.test(path))).toEqual([]);
  expect(JSON.parse(String(files.get("package.json")?.content))).toMatchObject({ type: "commonjs" });
});

test("its bootstrap can be run, by the shell and the Node.js that the platform has", () => {
  const bootstrap = entries().get("scf_bootstrap");
  expect(bootstrap?.mode).toBe(0o755);
  expect(String(bootstrap?.content)).toMatch(/^#!\/bin\/bash\n[^\r]*\/var\/lang\/node20\/bin\/node[^\r]*\n$/);
});

test("passes on the licence of every package that is in it", () => {
  const text = String(entries().get("LICENSES.txt")?.content);
  for (const name of ["hono", "zod", "kysely", "mysql2", "@redis/client", "jose", "pino", "prom-client"]) {
    expect(text).toMatch(new RegExp(`^${name}$`, "m"));
  }
});

/** What takes long to load: none of it may be loaded before a request needs it. */
const HEAVY = /mysql|sqlite|clients|redis|tencent|sdk|prom-client/i;

test.each(HANDLERS)("%s loads no client of a store or a cloud before the first event", async (file) => {
  const folder = unpackedPackage();
  const { loaded } = await startEvent(folder, `${file.replace(/\.js$/, "")}.main_handler`, {});
  expect(loaded).toContain(file);
  expect(loaded.filter((path) => HEAVY.test(path))).toEqual([]);
  // The control: these are the files that the clients are in.
  expect([...entries().keys()].filter((path) => HEAVY.test(path)).length).toBeGreaterThan(2);
});
