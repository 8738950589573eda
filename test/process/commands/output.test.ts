import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { freePort } from "../../support/ports.ts";
import { phonekey, workingFolder } from "../../support/server.ts";
import { lineOf } from "../../transfer/support.ts";
import { change } from "../database.ts";

const BIN = join(import.meta.dirname, "../../../bin/phonekey.js");
const FULL = "phonekey: cannot write standard output: the disk is full\n";
const USERS = 450;

const folder = workingFolder();
beforeAll(async () => {
  await phonekey(["migrate"], { folder });
  writeFileSync(join(folder, "in.ndjson"), Array.from({ length: USERS }, (_, n) => lineOf(n)).join(""));
  expect((await phonekey(["users", "import", "in.ndjson"], { folder })).code).toBe(0);
});

/** @param before what the shell does first, such as `ulimit -f 40` */
function run(words: string, before = "true") {
  const command = `${before}; cd ${folder}; ${process.execPath} ${BIN} ${words}`;
  return spawnSync("bash", ["--norc", "-c", `set -o pipefail; ${command}`], {
    encoding: "utf8",
    env: { PATH: process.env.PATH },
    timeout: 60_000,
  });
}

describe("a command whose output is lost fails with a sentence", () => {
  test("keys api create, whose key cannot be shown again", () => {
    const { status, stderr } = run("keys api create shop --purposes verify_identity >/dev/full");
    expect(status).toBe(1);
    expect(stderr).toMatch(new RegExp(`${FULL}$`));
  });

  test.each(["keys list", "users invite --help", "--version", "tick --json"])("%s", (words) => {
    expect(run(`${words} >/dev/full`)).toMatchObject({ status: 1, stderr: FULL });
  });

  test("when nobody reads the output, and silently when the error cannot be written either", () => {
    const { status, stderr } = run("--help | true");
    expect(status).toBe(1);
    expect(stderr).toBe("phonekey: cannot write standard output: nobody reads it any more\n");
    expect(run("wrong 2>/dev/full")).toMatchObject({ status: 2, stderr: "" });
  });

  test("when the disk takes only a part of a single write", () => {
    writeFileSync(join(folder, "nearly"), "x".repeat(1_021));
    const { status, stderr } = run("--version >> nearly", "ulimit -f 1");
    expect(readFileSync(join(folder, "nearly")).length).toBe(1_024);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^phonekey: cannot write standard output: .+\n$/),
    ]);
  });

  test("when the disk takes only a part of an export, even of its last write", () => {
    const { status, stderr } = run("users export > part.ndjson", "ulimit -f 40");
    expect(readFileSync(join(folder, "part.ndjson")).length).toBe(40 * 1_024);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^phonekey: cannot write standard output: /m),
    ]);
    expect(stderr).not.toContain("Exported");
  });
});

test("a server whose log cannot be written goes on, and exits with 1 and a sentence when it stops", async () => {
  const port = await freePort();
  const command = `cd ${folder} && PORT=${port} exec ${process.execPath} ${BIN} serve >/dev/full`;
  const server = spawn("bash", ["--norc", "-c", command], { stdio: ["ignore", "ignore", "pipe"] });
  const said = server.stderr.toArray();
  const asked = () => fetch(`http://127.0.0.1:${port}/v1/me`).then(({ status }) => status);
  await vi.waitFor(asked, { timeout: 20_000, interval: 100 });
  for (let n = 0; n < 5; n += 1) {
    expect(await asked()).toBe(401);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  server.kill("SIGTERM");
  await once(server, "close");
  expect([server.exitCode, Buffer.concat(await said).toString()]).toEqual([1, FULL]);
});

test("a server that cannot start ends with the reason even if its log cannot be written", async () => {
  const port = await freePort();
  const other = createServer().listen(port, "127.0.0.1");
  onTestFinished(() => void other.close());
  await once(other, "listening");
  const logged = `TEST_NUMBERS=+8613800138000=384756@${new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)}`;
  const { status, stderr } = run("serve >/dev/full", `export PORT=${port} ${logged}`);
  expect([status, stderr]).toEqual([1, expect.stringMatching(/another program does;.*\n$/)]);
});

describe("phonekey inbox, when what answers on its port", () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  const listening = (made: Server) =>
    new Promise<string>((resolve) => {
      server = made.listen(0, "127.0.0.1", () => resolve(String((made.address() as AddressInfo).port)));
    });

  test.each([
    ["hangs up", () => createServer((socket) => socket.end()), /no server answers on port/],
    ["says nothing", () => createServer((socket) => socket.unref()), /no server answers on port/],
    ["answers another page", () => createHttpServer((_, to) => to.end("<p>")), /is not Phonekey/],
    ["knows no such page", () => createHttpServer((_, to) => to.writeHead(404).end()), /is not Phonekey/],
    ["has no messages", () => createHttpServer((_, to) => to.end("{}")), /is not Phonekey/],
  ])("%s: fails with a sentence", async (_what, made, says) => {
    const { code, stderr } = await phonekey(["inbox"], { env: { PORT: await listening(made()) } });
    expect([code, stderr]).toEqual([1, expect.stringMatching(says)]);
  });
});

describe("on a disk that is nearly full", () => {
  test("the database is unavailable if there is no room for the index of its log", () => {
    const { status, stderr } = run("keys list", "ulimit -f 16");
    expect([status, stderr]).toEqual([1, "phonekey: the database is unavailable: the disk is full\n"]);
  });

  test("the database is not migrated if it cannot be copied, and no part of a copy is left", () => {
    change(folder, "DELETE FROM migrations WHERE id = (SELECT max(id) FROM migrations)");
    const files = readdirSync(join(folder, "data")).toSorted();
    const { status, stdout, stderr } = run("migrate", "ulimit -f 100");
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^phonekey: the database is unavailable: [^\n]+\n$/);
    expect(readdirSync(join(folder, "data")).toSorted()).toEqual(files);
  });
});
