import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { open } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { migratedFolder, phonekey, startCommand } from "../../support/server.ts";
import { numberOf } from "../database.ts";
import { until } from "../raw.ts";
import { fileIn, many } from "./users-files.ts";

test("an import that waits for its source ends at once on a second signal", async () => {
  const folder = await migratedFolder();
  execFileSync("mkfifo", [join(folder, "pipe")]);
  const running = startCommand(["users", "import", "pipe"], { folder });
  const pipe = await open(join(folder, "pipe"), "w");
  await pipe.write(many(500));
  await until(() => numberOf(folder, "SELECT count(*) FROM users") === 500, 30_000);
  // The first signal asks to end, which is not shown; further ones that come before it was handled count as one with it.
  const again = setInterval(() => running.kill("SIGINT"), 100);
  const { code, signal } = await running.ended.finally(() => clearInterval(again));
  expect([code, signal]).toEqual([null, "SIGINT"]);
  await pipe.close();
});

test("an import from a socket is refused", async () => {
  const folder = await migratedFolder();
  const server = createServer().listen(join(folder, "socket"));
  await once(server, "listening");
  const { code, stderr } = await phonekey(["users", "import", "socket"], { folder });
  server.close();
  expect({ code, stderr }).toEqual({ code: 1, stderr: "phonekey: cannot read socket: it is a socket\n" });
});

test("import reads standard input, export writes standard output, and a full disk is one sentence", async () => {
  const [folder, other] = [await migratedFolder(), await migratedFolder()];
  await phonekey(["users", "import", fileIn(folder, many(2_000))], { folder });
  const bin = join(import.meta.dirname, "../../../bin/phonekey.js");
  const shell = (command: string) =>
    execFileSync("bash", ["--norc", "-c", `set -o pipefail; ${command}`], {
      encoding: "utf8",
      env: { PATH: process.env.PATH },
    });
  const run = (where: string, words: string) => `(cd ${where} && ${process.execPath} ${bin} ${words})`;
  const piped = shell(`${run(folder, "users export 2>/dev/null")} | ${run(other, "users import - --json")}`);
  expect(JSON.parse(piped)).toMatchObject({ imported: 2_000 });
  const cut = shell(`(${run(folder, "users export")} || echo "exit $?" >&2) 2>&1 >/dev/full | grep -v ^This`);
  expect(cut).toBe("phonekey: cannot write standard output: the disk is full\nexit 1\n");
});

test("an export of which the disk takes only a part leaves no file", async () => {
  const folder = await migratedFolder();
  const text = many(450);
  await phonekey(["users", "import", fileIn(folder, text)], { folder });
  const bin = join(import.meta.dirname, "../../../bin/phonekey.js");
  // A file may not exceed 40 KiB: a write that begins below that takes what fits, and does not fail.
  expect(text.length).toBeGreaterThan(40 * 1_024);
  const limited = `ulimit -f 40; cd ${folder}; ${process.execPath} ${bin} users export --file out.ndjson`;
  const said = spawnSync("bash", ["--norc", "-c", limited], { encoding: "utf8" });
  expect(said).toMatchObject({ status: 1, stdout: "" });
  expect(said.stderr).toMatch(/^phonekey: cannot write out\.ndjson: /m);
  expect(readdirSync(folder).filter((name) => name.startsWith("out"))).toEqual([]);
});
