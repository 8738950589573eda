import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Instruction } from "dockerfile-ast";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createIgnore, readCopy, readStages, readWords, type Stage } from "../support/dockerfile.ts";
import { freePort } from "../support/ports.ts";

const ROOT = join(import.meta.dirname, "../..");
const isIgnored = createIgnore(join(ROOT, ".dockerignore"));
const isRoot = process.getuid?.() === 0;

/** What `docker build` would have made, as files and settings. */
interface Image {
  /** The file system's root: `/app` of the image is `app` in it. */
  readonly root: string;
  readonly workdir: string;
  readonly env: Record<string, string>;
  readonly user: readonly number[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthcheck: readonly string[];
}

/** Runs the Dockerfile's own steps in folders, one for each stage, with this machine's Node.js as the base. */
function build(folder: string): Image {
  const roots = new Map<string, string>();
  const images = readStages(join(ROOT, "deploy/docker/Dockerfile")).map((stage) => {
    const root = join(folder, stage.name);
    roots.set(stage.name, root);
    return carryOut(stage, root, roots);
  });
  const last = images.at(-1);
  if (!last) throw new Error("the Dockerfile has no stage");
  return last;
}

function carryOut({ instructions }: Stage, root: string, roots: ReadonlyMap<string, string>): Image {
  const env: Record<string, string> = {};
  let workdir = "/";
  const last = (keyword: string) => instructions.findLast((each) => each.getKeyword() === keyword);
  for (const instruction of instructions) {
    const text = instruction.getArgumentsContent() ?? "";
    const keyword = instruction.getKeyword();
    if (keyword === "WORKDIR") mkdirSync(join(root, text), { recursive: true });
    if (keyword === "WORKDIR") workdir = text;
    if (keyword === "COPY") copy(instruction, { root, workdir, roots });
    if (keyword === "RUN") run(text, join(root, workdir));
    if (keyword === "ENV") Object.assign(env, Object.fromEntries([text.split("=")]));
  }
  return {
    root,
    workdir,
    env,
    user: (last("USER")?.getArgumentsContent() ?? "0:0").split(":").map(Number),
    entrypoint: readWords(last("ENTRYPOINT")) ?? [],
    command: readWords(last("CMD")) ?? [],
    healthcheck: readWords(last("HEALTHCHECK")) ?? [],
  };
}

interface Place {
  readonly root: string;
  readonly workdir: string;
  readonly roots: ReadonlyMap<string, string>;
}

function copy(instruction: Instruction, { root, workdir, roots }: Place): void {
  const { from, owner, sources, destination } = readCopy(instruction);
  const origin = from === undefined ? ROOT : roots.get(from);
  if (origin === undefined) throw new Error(`COPY --from=${from}: there is no such stage before`);
  const target = join(root, destination.startsWith("/") ? "" : workdir, destination);
  for (const source of sources) {
    if (from === undefined && isIgnored(source))
      throw new Error(`COPY ${source}: .dockerignore keeps it out`);
    const path = join(origin, source);
    // A folder's contents are copied, a file into the folder that the destination names.
    const into =
      statSync(path).isDirectory() || !/[./]$/.test(destination) ? target : join(target, basename(source));
    if (from === undefined) cpSync(path, into, { recursive: true });
    // Nothing reads it there again, and copying all modules takes long.
    else renameSync(path, into);
  }
  if (owner && isRoot) lchownSync(target, ...owner);
}

/** Runs everything except the compilers, which are the same in this clone, by the same lock file. */
function run(command: string, cwd: string): void {
  if (command === "npm ci") {
    symlinkSync(join(ROOT, "node_modules"), join(cwd, "node_modules"));
    return;
  }
  const env = { ...process.env, npm_config_audit: "false", npm_config_prefer_offline: "true" };
  const { status, stdout, stderr } = spawnSync("sh", ["-c", command], { cwd, env, encoding: "utf8" });
  if (status !== 0) throw new Error(`RUN ${command}: ${stdout}${stderr}`);
}

const SETTINGS = {
  PUBLIC_URL: "https://auth.example.com",
  PHONEKEY_SECRETS: "aW1hZ2UgdGVzdCBzZWNyZXQsIG5vdCBhIHJlYWwgb25lIDEyMzQ1",
  SMS_SENDER: "tencent",
  TENCENT_SECRET_ID: "id",
  TENCENT_SECRET_KEY: "key",
  TENCENT_SMS_SDK_APP_ID: "1400006666",
  TENCENT_SMS_SIGN_NAME: "Phonekey",
  TENCENT_SMS_TEMPLATE_ID: "1110",
  // Nothing listens there: a test cannot send a message.
  TENCENT_SMS_ENDPOINT: "http://127.0.0.1:1",
};

const folder = mkdtempSync(join(tmpdir(), "phonekey-image-"));
let image: Image;
const children = new Set<ChildProcess>();
beforeAll(() => {
  chmodSync(folder, 0o755);
  image = build(folder);
  // If this is not root, read-only files stand for files of another user.
  if (!isRoot) makeReadOnly(join(image.root, image.workdir));
}, 300_000);
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  if (!isRoot) spawnSync("chmod", ["-R", "u+w", folder]);
  rmSync(folder, { recursive: true, force: true });
});

function makeReadOnly(path: string): void {
  for (const name of readdirSync(path))
    if (name !== "data") spawnSync("chmod", ["-R", "a-w", join(path, name)]);
  chmodSync(path, 0o555);
}

/** A container of the image: its user, folder and environment, and what `docker run -e` adds. */
function start(words: readonly string[], env: Readonly<Record<string, string>>) {
  const [program = "", ...args] = words;
  expect(program).toBe("node");
  const [uid = 0, gid = 0] = image.user;
  const child = spawn(process.execPath, args, {
    cwd: join(image.root, image.workdir),
    env: { PATH: process.env.PATH, ...image.env, ...env },
    ...(isRoot && { uid, gid }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.add(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const ended = once(child, "close").then(([code]) => code as number | null);
  return { child, ended, output: () => output };
}

async function runCommand(command: readonly string[], env: Readonly<Record<string, string>> = SETTINGS) {
  const { ended, output } = start([...image.entrypoint, ...command], env);
  return { code: await ended, output: output() };
}

test("the image holds what the server needs, and nothing else", () => {
  expect(readdirSync(join(image.root, image.workdir)).toSorted()).toEqual([
    "LICENSE",
    "bin",
    "data",
    "dist",
    "node_modules",
    "package.json",
    "scripts",
  ]);
  const modules = join(image.root, image.workdir, "node_modules");
  for (const name of ["typescript", "vite", "vitest", "playwright-core"])
    expect([name, existsSync(join(modules, name))]).toEqual([name, false]);
});

test("the image runs as user 1000, who can write only to the data folder", () => {
  expect(image.user).toEqual([1000, 1000]);
  const script = `const { accessSync, constants, readdirSync } = require("node:fs");
    const writable = (name) => { try { accessSync(name, constants.W_OK); return true } catch { return false } };
    console.log(JSON.stringify([".", ...readdirSync(".")].filter(writable)))`;
  const { child, ended, output } = start(["node", "-e", script], {});
  expect(child.pid).toBeDefined();
  return expect(ended.then(output)).resolves.toBe('["data"]\n');
});

test("the image migrates, serves, is healthy, and stops on SIGTERM", async () => {
  const migrated = await runCommand(["migrate"]);
  expect(migrated).toMatchObject({ code: 0, output: expect.stringContaining("Applied ") });

  const port = String(await freePort());
  const { child, ended, output } = start([...image.entrypoint, ...image.command], {
    ...SETTINGS,
    PORT: port,
  });
  await expect.poll(output, { timeout: 60_000 }).toContain("Phonekey is running (production)");
  const call = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init);
  expect((await call("/readyz")).status).toBe(200);
  const page = await (await call("/sign-in")).text();
  const assets = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path = ""]) => path);
  expect(assets.length).toBeGreaterThan(1);
  for (const path of assets) expect([path, (await call(path)).status]).toEqual([path, 200]);

  // The cloud's client is loaded with the first message.
  const body = JSON.stringify({ phone: "+8613800138000" });
  const headers = { "content-type": "application/json" };
  const sent = await call("/v1/verifications", { method: "POST", headers, body });
  expect(await sent.json()).toMatchObject({ status: 503, code: "sms_unavailable" });

  expect(await start(image.healthcheck, { PORT: port }).ended).toBe(0);
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
  expect(await start(image.healthcheck, { PORT: port }).ended).toBe(1);
});

test("the image has the clients of MySQL and Redis", async () => {
  const env = { DATABASE_URL: "mysql://u:p@127.0.0.1:1/phonekey", STATE_URL: "redis://127.0.0.1:1" };
  const { code, output } = await runCommand(["doctor"], { ...SETTINGS, ...env });
  expect(code).toBe(1);
  expect(output.match(/nothing accepts connections at its address/g)).toHaveLength(2);
});

test("the image says which settings it needs when it has none", async () => {
  const { code, output } = await runCommand(["serve"], {});
  expect(code).toBe(1);
  for (const name of ["PUBLIC_URL", "PHONEKEY_SECRETS", "SMS_SENDER"])
    expect(output).toContain(`${name}: must`);
});
