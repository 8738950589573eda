import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../support/ports.ts";
import { readCompose } from "./compose.ts";

/** The tests' Redis, for a command that names it without its folder. */
const PROGRAM = process.env.REDIS_SERVER_PATH;

test("the Redis of the compose file asks for its password, evicts nothing and keeps its data", async () => {
  const { redis } = readCompose().services;
  const folder = mkdtempSync(join(tmpdir(), "phonekey-compose-"));
  const port = await freePort();
  const [shell = "", flag = "", script = ""] = redis?.command ?? [];
  const placed = script.replace("dir /data", `dir ${folder}\nport ${port}`);
  const path = [PROGRAM && dirname(PROGRAM), process.env.PATH].filter(Boolean).join(":");
  const env = { ...redis?.environment, PATH: path };
  const child = spawn(shell, [flag, placed], { env, stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  onTestFinished(() => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });

  const cli = ["-p", String(port)];
  const [kind, test = ""] = redis?.healthcheck?.test ?? [];
  expect(kind).toBe("CMD-SHELL");
  const health = (more: Readonly<Record<string, string>>) =>
    spawnSync("sh", ["-c", test.replace("redis-cli", `redis-cli -p ${port}`)], { env: { ...env, ...more } })
      .status;
  await expect.poll(() => health({}), { timeout: 5_000 }).toBe(0);
  expect(health({ REDISCLI_AUTH: "another" })).not.toBe(0);
  const config = (name: string) =>
    execFileSync("redis-cli", [...cli, "config", "get", name], { env, encoding: "utf8" }).split("\n")[1];
  expect(config("maxmemory-policy")).toBe("noeviction");
  expect(config("appendonly")).toBe("yes");

  // Redis itself is the process that gets the signal.
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
});
