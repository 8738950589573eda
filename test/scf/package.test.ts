import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { readZip } from "../support/zip.ts";
import { event, read, variables } from "./functions.ts";
import { PACKAGE, startEvent, unpackedPackage } from "./instance.ts";

const HANDLERS = ["index.js", "sms.js", "getUserInfo.js", "setNickname.js", "maintenance.js"];
const SCRIPT = join(import.meta.dirname, "../../scripts/build-scf.js");
const entries = () => new Map(readZip(readFileSync(PACKAGE)).map((entry) => [entry.path, entry]));

test("the package is under 5 MB, and the same for each build", async () => {
  const bytes = readFileSync(PACKAGE);
  expect(bytes.length).toBeLessThan(5_000_000);
  await promisify(execFile)(process.execPath, [SCRIPT], { env: { ...process.env, TZ: "Asia/Shanghai" } });
  expect(readFileSync(PACKAGE).equals(bytes)).toBe(true);
});

test("a build that runs out of space leaves the former package, and no other file", async () => {
  const bytes = readFileSync(PACKAGE);
  const words = ["-c", 'ulimit -f 500 && exec "$0" "$1"', process.execPath, SCRIPT];
  await expect(promisify(execFile)("bash", words)).rejects.toThrow("EFBIG");
  expect(readFileSync(PACKAGE).equals(bytes)).toBe(true);
  expect(readdirSync(dirname(PACKAGE)).filter((name) => name.startsWith("phonekey-scf.zip."))).toEqual([]);
});

test("the package has what the platform looks for at its root, and nothing native", () => {
  const files = entries();
  expect([...files.keys()]).toEqual(expect.arrayContaining([...HANDLERS, "scf_bootstrap", "server.js"]));
  expect([...files.keys()].filter((path) => /\.(node|wasm|so)$/.test(path))).toEqual([]);
  expect(JSON.parse(String(files.get("package.json")?.content))).toMatchObject({ type: "commonjs" });
});

test("the package has an executable bootstrap for the shell and the Node.js of the platform", () => {
  const bootstrap = entries().get("scf_bootstrap");
  expect(bootstrap?.mode).toBe(0o755);
  expect(String(bootstrap?.content)).toMatch(/^#!\/bin\/bash\n[^\r]*\/var\/lang\/node20\/bin\/node[^\r]*\n$/);
});

test("the package contains the licences of the packages in it", () => {
  const text = String(entries().get("LICENSES.txt")?.content);
  for (const name of ["hono", "zod", "kysely", "mysql2", "@redis/client", "jose", "pino", "prom-client"]) {
    expect(text).toMatch(new RegExp(`^${name}$`, "m"));
  }
});

/** Packages that no start loads: each is loaded once a request needs it. */
const LATE = [
  ...["mysql2", "@redis/client", "tencentcloud-sdk-nodejs-common", "tencentcloud-sdk-nodejs-sms"],
  ...["prom-client", "@simplewebauthn/server", "altcha-lib", "qr", "bowser", "@zxcvbn-ts/language-common"],
].map((name) => `node_modules/${name}`);
/** Our own modules that no start loads. */
const PAGES = ["src/http/pages/views", "src/http/pages/copy"];
const API = ["src/http/api/definitions.ts", "src/http/api/schemas"];
/** The HTTP server, in whose place an event function has the platform. */
const SERVER = "node_modules/@hono/node-server";
const ALL = [...LATE, ...PAGES, ...API, SERVER];

interface Chunk {
  readonly fileName: string;
  readonly moduleIds: readonly string[];
}

describe("the package", async () => {
  const { bundle } = await import(join(import.meta.dirname, "../../scripts/build-scf.js"));
  const chunks = (await bundle()) as readonly Chunk[];
  /** Which of these packages and folders of ours have code in these files of the package. */
  const partsIn = (files: readonly string[], parts: readonly string[]) => {
    const modules = chunks.filter(({ fileName }) => files.includes(fileName)).flatMap((one) => one.moduleIds);
    return parts.filter((part) => modules.some((id) => `${id}/`.includes(`/${part}/`)));
  };

  test("includes all parts that these tests look for (control)", () => {
    const files = chunks.map(({ fileName }) => fileName);
    expect(partsIn(files, ALL)).toEqual(ALL);
  });

  test("does not include SQLite, which is for a single machine", () => {
    const files = chunks.map(({ fileName }) => fileName);
    expect(partsIn(files, ["node_modules/libsql", "src/adapters/sql/sqlite"])).toEqual([]);
  });

  test.each(HANDLERS)("loads no client, page, operation or server before an event of %s", async (file) => {
    const { loaded } = await startEvent(unpackedPackage(), `${file.replace(/\.js$/, "")}.main_handler`, {});
    expect(loaded).toContain(file);
    expect(partsIn(loaded, ALL)).toEqual([]);
  });

  test("loads none of these for an event that needs no store, and only the pages for a page", async () => {
    const nowhere = { host: "127.0.0.1", port: 1, user: "root", password: "", database: "none" };
    const { invoke } = await startEvent(unpackedPackage(), "index.main_handler", variables(nowhere));
    const health = await invoke(event("GET", "/healthz"));
    expect(read(health.answer).status).toBe(200);
    expect(partsIn(health.loaded, ALL)).toEqual([]);
    const page = await invoke(event("GET", "/none", { headers: { accept: "text/html" } }));
    expect(read(page.answer).status).toBe(404);
    expect(partsIn(page.loaded, ALL)).toEqual(PAGES);
  });
});
